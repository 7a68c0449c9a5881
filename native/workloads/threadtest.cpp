// threadtest: each thread allocates many blocks of one size, then frees them all, over and over, and never touches
// another thread's. What an allocator with one lock does worst (Berger et al., "Hoard", 2000).

#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{"threadtest",
                                "blocks of one size, allocated and freed by the thousand, each thread by itself",
                                {.threads = 2, .size = 64, .operations = 20'000'000}};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    constexpr std::size_t kBatch = 10'000;
    std::vector<void*> blocks(kBatch);
    const std::size_t size = worker.options.size;
    for (std::uint64_t left = worker.share(); left > 0;) {
      const std::size_t batch = left < kBatch ? left : kBatch;
      for (std::size_t i = 0; i < batch; ++i) {
        worker.operation([&] {
          blocks[i] = worker.allocate(size);
          *static_cast<unsigned char*>(blocks[i]) = 1;
        });
      }
      for (std::size_t i = 0; i < batch; ++i) worker.release(blocks[i], size);
      worker.decided(batch);
      left -= batch;
    }
  });
}
