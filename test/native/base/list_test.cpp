// The list through the nodes against a deque that does the same.

#include "base/list.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <random>
#include <vector>

#include "check.h"

namespace {

struct Node {
  Node* next = nullptr;
  Node* previous = nullptr;
};

using List = alloc8::base::List<Node>;

constinit List constantInitialised;  // compiles only while that holds

// The list from front to back, with the way back checked on every step.
std::deque<Node*> walk(const List& list) {
  std::deque<Node*> nodes;
  const Node* previous = nullptr;
  for (Node* node = list.front(); node != nullptr; node = node->next) {
    CHECK(node->previous == previous);
    nodes.push_back(node);
    previous = node;
  }
  return nodes;
}

void anEmptyListGivesNothing() {
  List list;
  CHECK(list.front() == nullptr);
  CHECK(list.pop() == nullptr);
  CHECK(constantInitialised.front() == nullptr);
}

void theLastInIsTheFirstOut() {
  List list;
  Node nodes[3];
  for (Node& node : nodes) list.push(&node);
  CHECK(list.front() == &nodes[2]);
  for (int i = 2; i >= 0; --i) CHECK(list.pop() == &nodes[i]);
  CHECK(list.pop() == nullptr);
}

void aNodeKnowsWhetherItIsAlone() {
  List list;
  Node nodes[2];
  CHECK(!list.isOnly(&nodes[0]));
  list.push(&nodes[0]);
  CHECK(list.isOnly(&nodes[0]));
  CHECK(!list.isOnly(&nodes[1]));
  list.push(&nodes[1]);
  CHECK(!list.isOnly(&nodes[0]));
  CHECK(!list.isOnly(&nodes[1]));
  list.remove(&nodes[1]);
  CHECK(list.isOnly(&nodes[0]));
}

void removedNodesPointNowhere() {
  List list;
  Node nodes[3];
  for (Node& node : nodes) list.push(&node);
  for (Node* node : {&nodes[1], &nodes[2], &nodes[0]}) {  // middle, front, last
    list.remove(node);
    CHECK(node->next == nullptr);
    CHECK(node->previous == nullptr);
    walk(list);
  }
  CHECK(list.front() == nullptr);
}

void everyOrderOfCallsAgreesWithADeque() {
  std::mt19937_64 random(1);
  std::vector<Node> nodes(20);
  List list;
  std::deque<Node*> model;
  for (int step = 0; step < 50'000; ++step) {
    Node* node = &nodes[random() % nodes.size()];
    const auto at = std::find(model.begin(), model.end(), node);
    if (random() % 5 == 0) {
      Node* popped = list.pop();
      CHECK(popped == (model.empty() ? nullptr : model.front()));
      if (!model.empty()) model.pop_front();
    } else if (at == model.end()) {
      list.push(node);
      model.push_front(node);
    } else {
      list.remove(node);
      model.erase(at);
    }
    CHECK(walk(list) == model);
    CHECK_EQUAL(list.isOnly(node), model.size() == 1 && model.front() == node);
  }
}

using Queue = alloc8::base::Queue<Node, &Node::next, &Node::previous>;
constinit Queue constantInitialisedQueue;

void aQueueAgreesWithADequeFromBothEnds() {
  std::mt19937_64 random(2);
  std::vector<Node> nodes(20);
  Queue queue;
  std::deque<Node*> model;
  for (int step = 0; step < 50'000; ++step) {
    Node* node = &nodes[random() % nodes.size()];
    const auto at = std::find(model.begin(), model.end(), node);
    if (at != model.end()) {
      queue.remove(node);
      model.erase(at);
    } else if (random() % 2 == 0) {
      queue.pushFront(node);
      model.push_front(node);
    } else {
      queue.pushBack(node);
      model.push_back(node);
    }
    CHECK(queue.front() == (model.empty() ? nullptr : model.front()));
    CHECK(queue.back() == (model.empty() ? nullptr : model.back()));
    std::deque<Node*> walked;
    for (Node* each = queue.front(); each != nullptr; each = Queue::after(each)) walked.push_back(each);
    CHECK(walked == model);
    if (!model.empty()) CHECK(queue.front()->previous == nullptr && queue.back()->next == nullptr);
  }
  CHECK(constantInitialisedQueue.front() == nullptr && constantInitialisedQueue.back() == nullptr);
}

}  // namespace

int main() {
  RUN(anEmptyListGivesNothing);
  RUN(theLastInIsTheFirstOut);
  RUN(aNodeKnowsWhetherItIsAlone);
  RUN(removedNodesPointNowhere);
  RUN(everyOrderOfCallsAgreesWithADeque);
  RUN(aQueueAgreesWithADequeFromBothEnds);
}
