// thread-churn: threads that are born, allocate a hundred blocks, free them and die, by the ten thousand. What an
// allocator sets up and takes down for each thread, and what of it stays, is all that counts here.

#include <array>
#include <thread>

#include "workloads/workload.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{.name = "thread-churn",
                                .summary = "short threads that allocate a hundred blocks and free them",
                                .size = "the largest block in bytes",
                                .operation = "the life of a thread",
                                .defaults = {.threads = 2, .size = 1024, .operations = 10'000, .timedOneIn = 1}};
  return runWorkload(description, parseOptions(argc, argv, description), [](Worker& worker) {
    for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0; --left) {
      worker.operation([&] {
        std::thread([&] {
          std::array<Block, 100> blocks;
          for (Block& block : blocks) block = worker.make(worker.random.between(1, worker.options.size));
          for (const Block& block : blocks) worker.drop(block);
        }).join();
      });
    }
  });
}
