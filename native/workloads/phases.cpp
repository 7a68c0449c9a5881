// phases: a long run in eight phases, each with blocks twice as large as those of the one before. At the end of a phase
// all but one in fifty go, in random order, and those that stay lie spread over all that was used: what goes back to
// the system and what the next phase can use is fragmentation (Wilson et al., 1995; the growing sizes are after Robson,
// "Worst case fragmentation of first fit and best fit storage allocation strategies", 1977). The report's figures are
// taken after the last phase: rssBytes.end beside liveBytes.end.

#include <utility>
#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

constexpr int kPhases = 8;
constexpr std::size_t kSmallest = 16;
constexpr std::size_t kKeptOneIn = 50;

// Replaces blocks at random once the thread's part of --size is alive.
void fill(Worker& worker, std::size_t smallest, std::uint64_t operations, std::vector<Block>& blocks) {
  const std::uint64_t budget = worker.partOf(worker.options.size);
  std::uint64_t live = 0;
  for (; operations > 0; --operations) {
    const std::size_t size = worker.random.between(smallest, smallest * 2 - 1);
    worker.operation([&] {
      while (live + size > budget && !blocks.empty()) {
        std::swap(blocks[worker.random.below(blocks.size())], blocks.back());
        live -= blocks.back().size;
        worker.drop(blocks.back());
        blocks.pop_back();
      }
      blocks.push_back(worker.make(size));
      live += size;
    });
  }
}

void thin(Worker& worker, std::vector<Block>& blocks, std::vector<Block>& kept) {
  for (std::size_t i = blocks.size(); i > 1; --i) std::swap(blocks[i - 1], blocks[worker.random.below(i)]);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % kKeptOneIn == 0)
      kept.push_back(blocks[i]);
    else
      worker.drop(blocks[i]);
  }
  blocks.clear();
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{.name = "phases",
                                .summary = "eight phases of growing sizes, after each of which most blocks are freed",
                                .size = "live bytes in a phase at most, of all threads together",
                                .operation = "an allocation, with the frees that make room for it",
                                .defaults = {.threads = 1, .size = 32 << 20, .operations = 1'500'000}};
  return runWorkload(description, parseOptions(argc, argv, description), [](Worker& worker) {
    const std::uint64_t operations = worker.partOf(worker.options.operations);
    std::vector<Block> blocks;
    std::vector<Block> kept;
    for (int phase = 0; phase < kPhases; ++phase) {
      const bool last = phase + 1 == kPhases;
      fill(worker, kSmallest << phase, operations / kPhases + (last ? operations % kPhases : 0), blocks);
      thin(worker, blocks, kept);
    }
    worker.finished();
    for (const Block& block : kept) worker.drop(block);
  });
}
