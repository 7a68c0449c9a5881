// What active-false and passive-false do alike: a thread writes to a few small blocks of its own many times. Where the
// allocator has put blocks of two threads into one cache line, both wait for that line. How long they wait hangs on how
// often they run at the same moment, so that the workloads also say how the blocks lie: of how many threads there is a
// block in a line, 1 being no sharing.

#pragma once

#include <array>
#include <atomic>
#include <vector>

#include "workloads/workload.h"

namespace alloc8::workloads {

// Hoard's programs have one block to a thread; with eight it does not hang on where a single one happens to lie.
constexpr std::size_t kOwnBlocks = 8;
using OwnBlocks = std::array<Block, kOwnBlocks>;

// In which cache lines each thread's blocks begin, for all to see.
class Lines {
 public:
  explicit Lines(std::size_t threads) : rows_(threads) {}

  void show(std::size_t thread, const OwnBlocks& blocks) {
    for (std::size_t i = 0; i < kOwnBlocks; ++i) rows_[thread][i].store(lineOf(blocks[i]), std::memory_order_relaxed);
  }

  // The mean over a thread's blocks of how many threads, itself among them, have a block in their line.
  double threadsPerLine(std::size_t thread, const OwnBlocks& blocks) const {
    std::size_t sum = 0;
    for (const Block& block : blocks) {
      for (std::size_t other = 0; other < rows_.size(); ++other) sum += other == thread || has(other, lineOf(block));
    }
    return static_cast<double>(sum) / kOwnBlocks;
  }

 private:
  static constexpr std::uintptr_t kLineBytes = 64;
  // A line of its own, which only its thread writes to.
  struct alignas(kLineBytes) Row : std::array<std::atomic<std::uintptr_t>, kOwnBlocks> {};

  static std::uintptr_t lineOf(const Block& block) {
    return reinterpret_cast<std::uintptr_t>(block.memory) / kLineBytes;
  }
  bool has(std::size_t thread, std::uintptr_t line) const {
    for (const auto& shown : rows_[thread])
      if (shown.load(std::memory_order_relaxed) == line) return true;
    return false;
  }

  std::vector<Row> rows_;
};

// Adds to each byte of each block, over and over, until all are what they were.
inline void writeOften(const OwnBlocks& blocks) {
  for (int i = 0; i < 256; ++i) {
    for (const Block& block : blocks) {
      auto* bytes = static_cast<volatile unsigned char*>(block.memory);
      for (std::size_t at = 0; at < block.size; ++at) bytes[at] = static_cast<unsigned char>(bytes[at] + 1);
    }
  }
}

// Allocates, writes often and frees, over and over. Looks at how the blocks lie now and then.
inline void writeToOwnBlocks(Worker& worker, Lines& lines) {
  OwnBlocks blocks;
  for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0; --left) {
    worker.operation([&] {
      for (Block& block : blocks) block = worker.make(worker.options.size);
      lines.show(worker.index, blocks);
      writeOften(blocks);
      for (const Block& block : blocks) worker.drop(block);
    });
    if (left % 16 == 1) worker.sampled(lines.threadsPerLine(worker.index, blocks));
  }
}

}  // namespace alloc8::workloads
