// active-sharing ("cache-thrash"): each thread allocates small blocks, writes to them often and frees them. An
// allocator that gives neighbouring blocks to two threads shares a cache line between them by its own doing.

#include "workloads/false_sharing.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{"active-sharing",
                                "small blocks allocated, written to often and freed, each thread by itself",
                                {.threads = 2, .size = 8, .operations = 400'000}};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    const std::size_t size = worker.options.size;
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
