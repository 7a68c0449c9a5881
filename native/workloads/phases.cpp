// phases: a long run in phases, each with sizes of its own. At the end of a phase most blocks go, in random order, and
// one in fifty stays for good, spread over all pages: what of the rest goes back to the system, and what the next phase
// can use, is fragmentation (Wilson et al., "Dynamic storage allocation: a survey", 1995).

#include <mutex>
#include <utility>
#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

constexpr int kPhases = 8;

struct Block {
  void* memory;
  std::size_t size;
};

// Allocates until the thread's part of --size is alive; keeps one in fifty and frees the others.
void phase(Worker& worker, int number, std::uint64_t operations, std::vector<Block>& kept) {
  const std::size_t smallest = std::size_t{16} << number;
  const std::size_t budget = worker.options.size / worker.options.threads;
  std::vector<Block> blocks;
  std::size_t live = 0;
  for (std::uint64_t i = 0; i < operations; ++i) {
    const std::size_t size = worker.random.between(smallest, smallest * 2);
    worker.decided(size);
    worker.operation([&] {
      if (live + size > budget && !blocks.empty()) {
        std::swap(blocks[worker.random.below(static_cast<std::uint32_t>(blocks.size()))], blocks.back());
        worker.release(blocks.back().memory, blocks.back().size);
        live -= blocks.back().size;
        blocks.pop_back();
      }
      blocks.push_back({worker.allocate(size), size});
      touch(blocks.back().memory, size, 1);
      live += size;
    });
  }
  for (std::size_t i = blocks.size(); i > 1; --i)
    std::swap(blocks[i - 1], blocks[worker.random.below(static_cast<std::uint32_t>(i))]);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % 50 == 0)
      kept.push_back(blocks[i]);
    else
      worker.release(blocks[i].memory, blocks[i].size);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{"phases",
                                "eight phases of growing sizes with --size bytes alive; most is freed after each",
                                {.threads = 1, .size = std::size_t{64} << 20, .operations = 4'000'000}};
  std::mutex mutex;
  double highest = 0;
  return runWorkload(
      argc, argv, description,
      [&](Worker& worker) {
        std::vector<Block> kept;
        for (int number = 0; number < kPhases; ++number) {
          phase(worker, number, worker.share() / kPhases, kept);
          const std::lock_guard lock(mutex);
          const auto resident = static_cast<double>(residentBytes());
          if (resident > highest) highest = resident;
        }
        if (kept.empty()) fail("nothing was kept");
      },
      [&] {
        // What is alive at the end is what was kept, about a fiftieth of all phases.
        return std::vector<Extra>{{"residentBetweenPhases", highest},
                                  {"residentAtEnd", static_cast<double>(residentBytes())}};
      });
}
