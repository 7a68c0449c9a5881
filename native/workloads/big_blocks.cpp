// big-blocks: blocks from 64 KiB on, sixteen alive in each thread, each written to in every page: images, columns,
// buffers. Whether an allocator maps and unmaps them one by one or keeps them shows in time and in memory.

#include <algorithm>
#include <array>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

constexpr std::size_t kSmallest = 65536;

// One in three is not doubled once more: as many between 64 and 128 KiB as in any other doubling, or somewhat more.
std::size_t drawSize(Random& random, std::size_t largest) {
  std::size_t low = kSmallest;
  while (low * 2 <= largest && random.below(3) != 0) low *= 2;
  return random.between(low, std::min(largest, low * 2 - 1));
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{.name = "big-blocks",
                                .summary = "large blocks replaced, sixteen alive in each thread",
                                .size = "the largest block in bytes, the smallest being 65536",
                                .operation = "a block replaced",
                                .defaults = {.threads = 1, .size = 4 << 20, .operations = 5'000, .timedOneIn = 1},
                                .smallestSize = kSmallest};
  return runWorkload(description, parseOptions(argc, argv, description), [](Worker& worker) {
    std::array<Block, 16> blocks;
    for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0; --left) {
      Block& block = blocks[worker.random.below(blocks.size())];
      const std::size_t size = drawSize(worker.random, worker.options.size);
      worker.operation([&] {
        if (block.memory != nullptr) worker.drop(block);
        block = worker.make(size);
      });
    }
    worker.finished();
    for (const Block& block : blocks)
      if (block.memory != nullptr) worker.drop(block);
  });
}
