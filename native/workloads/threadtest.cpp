// threadtest: each thread allocates its part of 100,000 blocks of one size, then frees them all, over and over, and
// never touches another thread's. It tells how an allocator scales (Berger, McKinley, Blumofe and Wilson, "Hoard: a
// scalable memory allocator for multithreaded applications", ASPLOS 2000, whose blocks have 8 bytes).

#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{
      .name = "threadtest",
      .summary = "blocks of one size, allocated and freed by the ten thousand, each thread by itself",
      .size = "bytes of a block",
      .operation = "an allocation and its free",
      .defaults = {.threads = 2, .size = 8, .operations = 30'000'000}};
  return runWorkload(description, parseOptions(argc, argv, description), [](Worker& worker) {
    const std::uint64_t batch = worker.partOf(100'000);
    std::vector<Block> blocks(batch);
    for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0;) {
      const std::uint64_t count = left < batch ? left : batch;
      for (std::uint64_t i = 0; i < count; ++i) worker.operation([&] { blocks[i] = worker.make(worker.options.size); });
      for (std::uint64_t i = 0; i < count; ++i) worker.drop(blocks[i]);
      left -= count;
    }
  });
}
