// passive-sharing ("cache-scratch"): the main thread allocates one block for each thread, side by side; each thread
// frees its own and goes on with new ones. An allocator that gives a thread the block that it has just freed keeps up a
// sharing that the program began.

#include <cstdlib>
#include <vector>

#include "workloads/false_sharing.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{"passive-sharing",
                                "as active-sharing, but each thread first frees a block that the main thread made",
                                {.threads = 2, .size = 8, .operations = 400'000}};
  std::vector<void*> first(4096);
  for (void*& block : first) block = std::malloc(8);
  return runWorkload(argc, argv, description, [&](Worker& worker) {
    const std::size_t size = worker.options.size;
    std::free(first[worker.index]);
    for (std::uint64_t i = 0; i < worker.share(); ++i) {
      worker.operation([&] {
        void* block = worker.allocate(size);
        writeOften(block, size);
        worker.release(block, size);
      });
    }
    worker.decided(worker.share());
  });
}
