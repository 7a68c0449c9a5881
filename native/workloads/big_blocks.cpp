// big-blocks: blocks from 64 KiB to --size, a few of them alive, each touched in every page: images, columns, buffers.
// Whether an allocator maps and unmaps them one by one or keeps them shows in time and in memory.

#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

struct Block {
  void* memory = nullptr;
  std::size_t size = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const Description description{"big-blocks",
                                "blocks from 64 KiB to --size, sixteen alive in each thread, all touched",
                                {.threads = 1, .size = std::size_t{4} << 20, .operations = 30'000}};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    std::vector<Block> blocks(16);
    const std::size_t largest = worker.options.size < 65536 ? 65536 : worker.options.size;
    for (std::uint64_t i = 0; i < worker.share(); ++i) {
      Block& block = blocks[worker.random.below(16)];
      // As many between 64 and 128 KiB as between 2 and 4 MiB.
      std::size_t size = 65536;
      while (size < largest && worker.random.below(3) != 0) size *= 2;
      size = worker.random.between(size / 2 < 65536 ? 65536 : size / 2, size > largest ? largest : size);
      worker.decided(size);
      worker.operation([&] {
        if (block.memory != nullptr) worker.release(block.memory, block.size);
        block = {worker.allocate(size), size};
        touch(block.memory, size, 1);
      });
    }
    for (const Block& block : blocks) {
      if (block.memory != nullptr) worker.release(block.memory, block.size);
    }
  });
}
