// A doubly linked list through the nodes themselves: no allocation, constant-initialised, removal from the middle.

#pragma once

namespace alloc8::base {

// Node has `Node* next` and `Node* previous`, both null while it is in no list (or alone in one).
template <class Node>
class List {
 public:
  constexpr List() = default;

  Node* front() const { return head_; }
  bool isOnly(const Node* node) const { return head_ == node && node->next == nullptr; }

  void push(Node* node) {
    node->previous = nullptr;
    node->next = head_;
    if (head_ != nullptr) head_->previous = node;
    head_ = node;
  }

  void remove(Node* node) {
    if (node->next != nullptr) node->next->previous = node->previous;
    (node->previous != nullptr ? node->previous->next : head_) = node->next;
    node->next = node->previous = nullptr;
  }

  // The front, taken off; null when the list is empty.
  Node* pop() {
    Node* node = head_;
    if (node != nullptr) remove(node);
    return node;
  }

 private:
  Node* head_ = nullptr;
};

}  // namespace alloc8::base
