// larson: a server that runs for long. Each thread replaces random blocks of an array by new ones of random size, and
// after a round hands the array on to a new thread: blocks are freed by others than those that allocated them, most of
// whom have ended (Larson and Krishnan, "Memory allocation for long-running server applications", ISMM 1998).

#include <thread>
#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

constexpr std::size_t kSmallest = 8;
constexpr std::size_t kBlocks = 5'000;  // of a thread
constexpr std::uint64_t kRound = 100'000;

void round(Worker& worker, std::vector<Block>& blocks, std::uint64_t operations) {
  for (std::uint64_t i = 0; i < operations; ++i) {
    Block& block = blocks[worker.random.below(kBlocks)];
    const std::size_t size = worker.random.between(kSmallest, worker.options.size);
    worker.operation([&] {
      worker.drop(block);
      block = worker.make(size);
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{.name = "larson",
                                .summary = "random blocks of an array replaced, by threads that hand it on to new ones",
                                .size = "the largest block in bytes, the smallest being 8",
                                .operation = "a block replaced",
                                .defaults = {.threads = 2, .size = 1000, .operations = 10'000'000},
                                .smallestSize = kSmallest};
  return runWorkload(description, parseOptions(argc, argv, description), [](Worker& worker) {
    std::vector<Block> blocks;
    blocks.reserve(kBlocks);
    while (blocks.size() < kBlocks)
      blocks.push_back(worker.make(worker.random.between(kSmallest, worker.options.size)));
    for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0;) {
      const std::uint64_t count = left < kRound ? left : kRound;
      std::thread([&] { round(worker, blocks, count); }).join();
      left -= count;
    }
    worker.finished();
    for (const Block& block : blocks) worker.drop(block);
  });
}
