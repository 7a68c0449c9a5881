// What a heap can tell about itself. A heap that offers `stats()` makes mallinfo2, malloc_info, malloc_stats and the
// probe's totals true; one that does not leaves them at zero.

#pragma once

#include <cstddef>

#include "alloc8/detail/prefix.h"

namespace alloc8 {

// A heap's own account at one moment. Bytes are usable bytes, so that live + free adds up to what was carved.
struct HeapStats {
  std::size_t systemBytes = 0;      // held from the system now, all headers included
  std::size_t peakSystemBytes = 0;  // the most it ever held
  std::size_t liveBytes = 0;        // usable bytes of blocks that the program holds, large ones included
  std::size_t liveBlocks = 0;
  std::size_t freeBlocks = 0;      // blocks given back and kept for reuse
  std::size_t largeBytes = 0;      // of systemBytes, those mapped for single large blocks
  std::size_t largeLiveBytes = 0;  // of liveBytes, those in large blocks
  std::size_t largeBlocks = 0;
  std::size_t releasableBytes = 0;  // what trim() would give back to the system
  std::size_t fastBlocks = 0;       // of freeBlocks, those that are not joined with their neighbours yet
  std::size_t fastBytes = 0;        // their bytes
};

}  // namespace alloc8
