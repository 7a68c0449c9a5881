// Doubly linked lists through the nodes themselves: no allocation, constant-initialised, removal from the middle.

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

// The same with both ends, through links that are named: a node with several pairs is in as many queues at a time. The
// links of a node that is in none mean nothing.
template <class Node, Node* Node::*kNext, Node* Node::*kPrevious>
class Queue {
 public:
  constexpr Queue() = default;

  Node* front() const { return front_; }
  Node* back() const { return back_; }
  static Node* after(const Node* node) { return node->*kNext; }

  void pushFront(Node* node) {
    node->*kPrevious = nullptr;
    node->*kNext = front_;
    (front_ != nullptr ? front_->*kPrevious : back_) = node;
    front_ = node;
  }

  void pushBack(Node* node) {
    node->*kPrevious = back_;
    node->*kNext = nullptr;
    (back_ != nullptr ? back_->*kNext : front_) = node;
    back_ = node;
  }

  void remove(Node* node) {
    (node->*kPrevious != nullptr ? node->*kPrevious->*kNext : front_) = node->*kNext;
    (node->*kNext != nullptr ? node->*kNext->*kPrevious : back_) = node->*kPrevious;
  }

 private:
  Node* front_ = nullptr;
  Node* back_ = nullptr;
};

}  // namespace alloc8::base
