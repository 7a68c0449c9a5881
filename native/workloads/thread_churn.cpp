// thread-churn: threads that are born, allocate a little, free it and die, by the hundred thousand. What an allocator
// sets up and takes down for each thread, and what of it stays, is all that counts here.

#include <thread>

#include "workloads/workload.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{"thread-churn",
                                "threads that allocate a hundred blocks up to --size, free them and end",
                                {.threads = 2, .size = 1024, .operations = 20'000}};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    for (std::uint64_t i = 0; i < worker.share(); ++i) {
      const std::uint64_t seed = worker.random.next();
      worker.decided(seed);
      worker.operation([&] {
        std::thread([&] {
          Random random(seed);
          void* blocks[100];
          std::size_t sizes[100];
          for (int at = 0; at < 100; ++at) {
            sizes[at] = random.between(1, worker.options.size);
            blocks[at] = worker.allocate(sizes[at]);
            *static_cast<unsigned char*>(blocks[at]) = 1;
          }
          for (int at = 0; at < 100; ++at) worker.release(blocks[at], sizes[at]);
        }).join();
      });
    }
  });
}
