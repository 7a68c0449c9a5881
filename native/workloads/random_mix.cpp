// random-mix: a table of live blocks, of which a random one is replaced each time, with sizes drawn from those of a
// real program: a heap in its middle years, whose holes have to fit (Wilson, Johnstone, Neely and Boles, "Dynamic
// storage allocation: a survey and critical review", 1995, on why the sizes have to be real ones).

#include <algorithm>
#include <vector>

#include "workloads/sizes.h"
#include "workloads/workload.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{.name = "random-mix",
                                .summary = "random blocks of a table replaced, their sizes those of a real program",
                                .size = "live bytes to aim at, of all threads together",
                                .operation = "a block replaced",
                                .defaults = {.threads = 1, .size = 32 << 20, .operations = 2'000'000},
                                .takesSizes = true};
  const Options options = parseOptions(argc, argv, description);
  const SizeDistribution sizes = SizeDistribution::fromFile(options.sizes);
  return runWorkload(description, options, [&](Worker& worker) {
    const double wanted = static_cast<double>(worker.partOf(worker.options.size)) / sizes.mean();
    std::vector<Block> blocks(std::max<std::size_t>(1, static_cast<std::size_t>(wanted)));
    for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0; --left) {
      Block& block = blocks[worker.random.below(blocks.size())];
      const std::size_t size = sizes.draw(worker.random);
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
