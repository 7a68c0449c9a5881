// short-lived: tiny objects that die at once, last in, first out, a few deep: temporaries, closures, small strings. It
// is the fast path of malloc and free and nothing else.

#include "workloads/workload.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{"short-lived",
                                "objects up to --size that are freed at once, in nests up to eight deep",
                                {.threads = 1, .size = 64, .operations = 30'000'000}};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    const std::size_t largest = worker.options.size;
    std::uint64_t left = worker.share();
    while (left > 0) {
      void* blocks[8];
      std::size_t sizes[8];
      const std::uint64_t random = worker.random.next();
      std::size_t depth = 1 + (random & 7);
      if (depth > left) depth = left;
      for (std::size_t i = 0; i < depth; ++i) {
        sizes[i] = 1 + ((random >> (8 * i)) & 0xff) % largest;
        worker.operation([&] {
          blocks[i] = worker.allocate(sizes[i]);
          *static_cast<unsigned char*>(blocks[i]) = 1;
        });
      }
      for (std::size_t i = depth; i > 0; --i) worker.release(blocks[i - 1], sizes[i - 1]);
      worker.decided(random);
      left -= depth;
    }
  });
}
