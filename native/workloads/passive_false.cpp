// passive-false: the main thread allocates blocks for each thread, side by side; each thread frees its own and goes on
// with new ones as in active-false. An allocator that gives a thread the blocks that it has just freed keeps up a
// sharing that the program began (Berger et al., ASPLOS 2000; Hoard's program is cache-scratch).

#include <vector>

#include "workloads/false_sharing.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{.name = "passive-false",
                                .summary = "as active-false, but each thread first frees blocks of the main thread",
                                .size = "bytes of a block",
                                .operation = "eight blocks allocated, written to and freed",
                                .defaults = {.threads = 2, .size = 8, .operations = 50'000, .timedOneIn = 4},
                                .mean = "threadsPerLine"};
  const Options options = parseOptions(argc, argv, description);
  // Dealt out in turn, so that each block has neighbours of other threads.
  std::vector<OwnBlocks> first(options.threads);
  for (std::size_t i = 0; i < kOwnBlocks; ++i) {
    for (OwnBlocks& blocks : first) {
      blocks[i] = {std::malloc(options.size), options.size};
      if (blocks[i].memory == nullptr) fail("out of memory: malloc gave no " + std::to_string(options.size) + " bytes");
    }
  }
  Lines lines(options.threads);
  return runWorkload(description, options, [&](Worker& worker) {
    const OwnBlocks& blocks = first[worker.index];
    for (const Block& block : blocks) {
      worker.account(static_cast<std::ptrdiff_t>(block.size));
      Worker::write(block);
    }
    lines.show(worker.index, blocks);
    writeOften(blocks);
    for (const Block& block : blocks) worker.drop(block);
    writeToOwnBlocks(worker, lines);
  });
}
