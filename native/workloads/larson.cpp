// larson: a server that runs for long. Each thread replaces random blocks of an array by new ones of random size, and
// after a round hands the array on to a new thread: blocks are freed by others than those that allocated them, most of
// whom have ended (Larson and Krishnan, "Memory allocation for long-running server applications", 1998).

#include <thread>
#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

struct Block {
  void* memory;
  std::size_t size;
};

void round(Worker& worker, std::vector<Block>& blocks, std::uint64_t operations) {
  const std::size_t largest = worker.options.size;
  for (std::uint64_t i = 0; i < operations; ++i) {
    Block& block = blocks[worker.random.below(static_cast<std::uint32_t>(blocks.size()))];
    const std::size_t size = worker.random.between(8, largest < 8 ? 8 : largest);
    worker.decided(size);
    worker.operation([&] {
      worker.release(block.memory, block.size);
      block = {worker.allocate(size), size};
      *static_cast<unsigned char*>(block.memory) = 1;
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{
      "larson",
      "blocks of random size up to --size replaced at random, by threads that hand on to new ones",
      {.threads = 2, .size = 500, .operations = 10'000'000}};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    constexpr std::size_t kBlocks = 10'000;
    constexpr std::uint64_t kRound = 100'000;
    std::vector<Block> blocks;
    for (std::size_t i = 0; i < kBlocks; ++i) {
      const std::size_t size = worker.random.between(8, worker.options.size < 8 ? 8 : worker.options.size);
      blocks.push_back({worker.allocate(size), size});
    }
    for (std::uint64_t left = worker.share(); left > 0;) {
      const std::uint64_t part = left < kRound ? left : kRound;
      std::thread([&] { round(worker, blocks, part); }).join();
      left -= part;
    }
    for (const Block& block : blocks) worker.release(block.memory, block.size);
  });
}
