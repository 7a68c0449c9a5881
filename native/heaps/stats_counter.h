// Bookkeeping of a heap's statistics in terms of what happens, so that each event is one line in the heap. Guarded by
// whatever guards the heap.

#pragma once

#include <cstddef>

#include "alloc8/stats.h"

namespace alloc8::heaps {

class StatsCounter {
 public:
  const HeapStats& stats() const { return stats_; }

  // Memory came from the system, or went back.
  void mapped(std::size_t bytes) {
    stats_.systemBytes += bytes;
    if (stats_.systemBytes > stats_.peakSystemBytes) stats_.peakSystemBytes = stats_.systemBytes;
  }
  void unmapped(std::size_t bytes) { stats_.systemBytes -= bytes; }

  // Memory that trim() would give back came to be, or is in use again.
  void releasable(std::size_t bytes) { stats_.releasableBytes += bytes; }
  void reclaimed(std::size_t bytes) { stats_.releasableBytes -= bytes; }

  // A block of so many usable bytes went to the program, or came back from it.
  void handedOut(std::size_t usable) {
    ++stats_.liveBlocks;
    stats_.liveBytes += usable;
  }
  void takenBack(std::size_t usable) {
    --stats_.liveBlocks;
    stats_.liveBytes -= usable;
  }

  // Blocks joined those kept for reuse, or left them.
  void kept(std::size_t blocks) { stats_.freeBlocks += blocks; }
  void unkept(std::size_t blocks) { stats_.freeBlocks -= blocks; }

  // The same for a block with a mapping of its own, which comes and goes with it.
  void handedOutLarge(std::size_t usable, std::size_t mapping) {
    mapped(mapping);
    handedOut(usable);
    ++stats_.largeBlocks;
    stats_.largeBytes += mapping;
    stats_.largeLiveBytes += usable;
  }
  void takenBackLarge(std::size_t usable, std::size_t mapping) {
    unmapped(mapping);
    takenBack(usable);
    --stats_.largeBlocks;
    stats_.largeBytes -= mapping;
    stats_.largeLiveBytes -= usable;
  }

 private:
  HeapStats stats_;
};

}  // namespace alloc8::heaps
