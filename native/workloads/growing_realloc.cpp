// growing-realloc: buffers that grow by half of what they have, eight at a time, as strings, vectors and parsers do. An
// allocator that grows in place, or moves pages instead of bytes, has little to do here.

#include <algorithm>
#include <array>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

constexpr std::size_t kSmallest = 32;

void grow(Worker& worker, Block& block) {
  const Block before = block;
  const std::size_t larger = before.size == 0 ? kSmallest : before.size + before.size / 2;
  block.size = std::min<std::size_t>(larger, worker.options.size);
  block.memory = worker.reallocate(before.memory, before.size, block.size);
  // What was there has to be there still.
  if (before.size > 0) Worker::check(before, block.memory);
  Worker::write(block, before.size);
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{.name = "growing-realloc",
                                .summary = "buffers that grow by half again and again, eight at a time",
                                .size = "bytes to which a buffer grows, from 32 on",
                                .operation = "a realloc, or the free of a buffer that is full",
                                .defaults = {.threads = 1, .size = 1 << 20, .operations = 50'000, .timedOneIn = 4},
                                .smallestSize = kSmallest};
  return runWorkload(description, parseOptions(argc, argv, description), [](Worker& worker) {
    std::array<Block, 8> blocks;
    for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0; --left) {
      Block& block = blocks[worker.random.below(blocks.size())];
      worker.operation([&] {
        if (block.size < worker.options.size) return grow(worker, block);
        worker.drop(block);
        block = {};
      });
    }
    worker.finished();
    for (const Block& block : blocks)
      if (block.memory != nullptr) worker.drop(block);
  });
}
