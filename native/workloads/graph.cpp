// graph: nodes with lists of edges are built, walked and taken down again: compilers, solvers, scenes. Blocks that are
// used together should lie together, so that walking shows how an allocator places them.

#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

struct Node;

struct Edge {
  Node* to;
  Edge* next;
};

struct Node {
  std::uint64_t value;
  Edge* edges;
};

}  // namespace

int main(int argc, char** argv) {
  const Description description{"graph",
                                "graphs of --size nodes with four edges each, built, walked and taken down",
                                {.threads = 1, .size = 100'000, .operations = 6'000'000}};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    const std::size_t count = worker.options.size / worker.options.threads + 2;
    for (std::uint64_t left = worker.share(); left > 0;) {
      std::vector<Node*> nodes;
      for (std::size_t i = 0; i < count && left > 0; ++i, --left) {
        worker.operation([&] {
          auto* node = static_cast<Node*>(worker.allocate(sizeof(Node)));
          *node = {worker.random.next(), nullptr};
          nodes.push_back(node);
        });
      }
      const auto bound = static_cast<std::uint32_t>(nodes.size());
      for (std::size_t i = 0; i < nodes.size() * 4 && left > 0; ++i, --left) {
        worker.operation([&] {
          Node* from = nodes[worker.random.below(bound)];
          auto* edge = static_cast<Edge*>(worker.allocate(sizeof(Edge)));
          *edge = {nodes[worker.random.below(bound)], from->edges};
          from->edges = edge;
        });
      }
      std::uint64_t sum = 0;
      for (const Node* node : nodes) {
        for (const Edge* edge = node->edges; edge != nullptr; edge = edge->next) sum += edge->to->value;
      }
      worker.decided(sum);
      for (Node* node : nodes) {
        for (Edge* edge = node->edges; edge != nullptr;) {
          Edge* next = edge->next;
          worker.release(edge, sizeof(Edge));
          edge = next;
        }
        worker.release(node, sizeof(Node));
      }
    }
  });
}
