// short-lived: tiny objects that die at once, last in, first out, up to eight deep: temporaries, closures, small
// strings. It is the fast path of malloc and free and nothing else.

#include <algorithm>
#include <array>

#include "workloads/workload.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{.name = "short-lived",
                                .summary = "small objects that are freed at once, in nests up to eight deep",
                                .size = "the largest object in bytes",
                                .operation = "an allocation and its free",
                                .defaults = {.threads = 1, .size = 64, .operations = 20'000'000}};
  return runWorkload(description, parseOptions(argc, argv, description), [](Worker& worker) {
    std::array<Block, 8> nest;
    for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0;) {
      const std::uint64_t depth = std::min<std::uint64_t>(left, worker.random.between(1, nest.size()));
      for (std::uint64_t i = 0; i < depth; ++i) {
        const std::size_t size = worker.random.between(1, worker.options.size);
        worker.operation([&] { nest[i] = worker.make(size); });
      }
      for (std::uint64_t i = depth; i > 0; --i) worker.drop(nest[i - 1]);
      left -= depth;
    }
  });
}
