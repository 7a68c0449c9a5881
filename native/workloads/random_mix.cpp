// random-mix: a table of live blocks, of which a random one is replaced each time, with sizes drawn from a
// distribution: the heap of a program in its middle years. --size is the number of live bytes to aim at.

#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

struct Block {
  void* memory;
  std::size_t size;
};

double meanOf(const SizeDistribution& sizes) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) sum += static_cast<double>(sizes.draw(random));
  return sum / 10'000;
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{"random-mix",
                                "random blocks replaced, sizes by a distribution, about --size bytes alive",
                                {.threads = 1, .size = std::size_t{64} << 20, .operations = 10'000'000},
                                true};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    const Options& options = worker.options;
    const SizeDistribution sizes =
        options.sizes.empty() ? SizeDistribution::builtin() : SizeDistribution::fromFile(options.sizes);
    const double blocksWanted = static_cast<double>(options.size) / options.threads / (meanOf(sizes) + 1);
    std::vector<Block> blocks(blocksWanted < 16 ? 16 : static_cast<std::size_t>(blocksWanted));
    for (std::uint64_t i = 0; i < worker.share(); ++i) {
      Block& block = blocks[worker.random.below(static_cast<std::uint32_t>(blocks.size()))];
      const std::size_t size = sizes.draw(worker.random);
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
