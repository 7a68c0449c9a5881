// The sampled blocks that are live: found by address at every free, so a look that says no must cost next to nothing.
//
// A filter of counters answers most; behind it two buckets of addresses, which are all that is looked at (Azar, Broder,
// Karlin, Upfal, "Balanced Allocations", 1994). Without locks, and from signal handlers: nobody can ask for an address
// that is being put in, because the program does not have it yet. Lies in private pages that are wiped in a child.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "alloc8/detail/compiler.h"
#include "record/samples_format.h"

namespace alloc8::probe {

using LiveSample = record::SampledBlock;

class LiveSamples {
 public:
  // Its place; null when there is no memory, or it would not be wiped in a child.
  static LiveSamples* make();

  // Whether a block may have been sampled. Wrong now and then, but only where it was not.
  ALLOC8_ALWAYS_INLINE bool mayHave(const void* block) const {
    const std::uint64_t hash = hashOf(block);
    return filter_[hash >> (64 - kFilterBits)].load(std::memory_order_relaxed) != 0;
  }

  // False where there is no room.
  bool put(const void* block, const LiveSample& sample);
  // Takes a block out; false where it is not there.
  bool take(const void* block, LiveSample* sample);
  // Where addresses and samples lie.
  void tellPlaces(record::SamplesHeader* header) const;

 private:
  static constexpr int kFilterBits = 15;
  static constexpr int kBucketBits = 12;
  static constexpr std::size_t kBucket = 16;
  static constexpr std::size_t kBuckets = std::size_t{1} << kBucketBits;
  // Being written or read by the one that has put it there.
  static constexpr std::uintptr_t kHeld = 1;

  static std::uint64_t hashOf(const void* block) {
    return (reinterpret_cast<std::uintptr_t>(block) >> 4) * 0x9e3779b97f4a7c15;
  }
  static std::size_t firstBucket(std::uint64_t hash) { return hash >> (64 - kBucketBits); }
  static std::size_t secondBucket(std::uint64_t hash) { return (hash >> (64 - 2 * kBucketBits)) & (kBuckets - 1); }

  bool putInto(std::size_t bucket, std::uintptr_t address, const LiveSample& sample);
  bool takeFrom(std::size_t bucket, std::uintptr_t address, LiveSample* sample);

  std::atomic<std::uint8_t> filter_[std::size_t{1} << kFilterBits];
  std::atomic<std::uintptr_t> addresses_[kBuckets][kBucket];
  LiveSample samples_[kBuckets][kBucket];
};

}  // namespace alloc8::probe
