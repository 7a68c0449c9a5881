// graph: nodes with lists of edges are built, walked and taken down again: compilers, solvers, scenes. The blocks are
// small, so that what an allocator needs beside them shows in memory, and walking shows how they lie.

#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

constexpr std::size_t kEdges = 4;  // of a node

struct Node;

struct Edge {
  Node* to;
  Edge* next;
};

struct Node {
  std::uint64_t value;
  Edge* edges;
};

// Builds as much of a graph as there are operations left; returns how many it took.
std::uint64_t build(Worker& worker, std::vector<Node*>& nodes, std::uint64_t size, std::uint64_t left) {
  const std::uint64_t count = left < size ? left : size;
  for (std::uint64_t i = 0; i < count; ++i) {
    worker.operation([&] {
      nodes.push_back(static_cast<Node*>(worker.allocate(sizeof(Node))));
      *nodes.back() = {worker.random.next(), nullptr};
    });
  }
  const std::uint64_t edges = left - count < count * kEdges ? left - count : count * kEdges;
  for (std::uint64_t i = 0; i < edges; ++i) {
    Node* from = nodes[worker.random.below(count)];
    Node* to = nodes[worker.random.below(count)];
    worker.operation([&] {
      auto* edge = static_cast<Edge*>(worker.allocate(sizeof(Edge)));
      *edge = {to, from->edges};
      from->edges = edge;
    });
  }
  return count + edges;
}

std::uint64_t walk(const std::vector<Node*>& nodes) {
  std::uint64_t sum = 0;
  for (const Node* node : nodes)
    for (const Edge* edge = node->edges; edge != nullptr; edge = edge->next) sum = sum * 3 + edge->to->value;
  return sum;
}

void takeDown(Worker& worker, std::vector<Node*>& nodes) {
  for (Node* node : nodes) {
    for (Edge* edge = node->edges; edge != nullptr;) {
      Edge* next = edge->next;
      worker.release(edge, sizeof(Edge));
      edge = next;
    }
    worker.release(node, sizeof(Node));
  }
  nodes.clear();
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{.name = "graph",
                                .summary = "graphs of nodes with four edges each, built, walked and taken down",
                                .size = "how many nodes a graph has, of all threads together",
                                .operation = "a node or an edge made",
                                .defaults = {.threads = 1, .size = 100'000, .operations = 1'500'000}};
  return runWorkload(description, parseOptions(argc, argv, description), [](Worker& worker) {
    const std::uint64_t size = worker.partOf(worker.options.size) + 1;
    std::vector<Node*> nodes;
    for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0;) {
      left -= build(worker, nodes, size, left);
      worker.saw(walk(nodes));
      takeDown(worker, nodes);
    }
  });
}
