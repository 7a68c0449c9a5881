// The layout of a file of latencies: how long the calls of one process to its heap took, as histograms. It stands
// beside the probe's file of the same name and is made when the first call is timed.
//
// Little-endian. A header page, four pages that lead from a thread's slot (the number that it has in the probe's file)
// to a page of its own, then pages that are given out one by one: a thread's page leads on to one page for each
// histogram that has something. A page has a place on the disk before its number is written anywhere. Only the slot's
// thread writes to its pages, with plain stores, and counters go on when another thread takes the slot over.

#pragma once

#include <cstddef>
#include <cstdint>

#include "record/probe_format.h"

namespace alloc8::record {

inline constexpr char kLatencyMagic[8] = {'A', '8', 'L', 'A', 'T', 'N', 'C', '1'};
inline constexpr std::uint32_t kLatencyVersion = 1;
inline constexpr std::size_t kLatencyPage = 4096;

// As many as the probe's file has slots.
inline constexpr std::size_t kLatencyThreads = 4096;

// Sizes that are told apart: six limits, then all that is larger, then those of which the size is not known.
inline constexpr std::uint64_t kLatencyGroupLimits[] = {64, 512, 4 << 10, 32 << 10, 256 << 10, 2 << 20};
inline constexpr std::size_t kLatencyLarger = sizeof kLatencyGroupLimits / sizeof *kLatencyGroupLimits;
inline constexpr std::size_t kLatencyAny = kLatencyLarger + 1;
inline constexpr std::size_t kLatencyGroups = kLatencyAny + 1;

constexpr std::size_t latencyGroupOf(std::uint64_t bytes) {
  std::size_t group = 0;
  while (group < kLatencyLarger && bytes > kLatencyGroupLimits[group]) ++group;
  return group;
}
static_assert(latencyGroupOf(0) == 0 && latencyGroupOf(64) == 0 && latencyGroupOf(65) == 1);
static_assert(latencyGroupOf((2 << 20) + 1) == kLatencyLarger);

// Ticks one by one below 8, then eight buckets to a doubling: the middle of a bucket is 1/16 from what is in it at
// most.
inline constexpr std::size_t kLatencyBuckets = 496;

constexpr std::size_t latencyBucketOf(std::uint64_t ticks) {
  if (ticks < 8) return static_cast<std::size_t>(ticks);
  const unsigned top = 63U - static_cast<unsigned>(__builtin_clzll(ticks));
  return (top - 2) * std::size_t{8} + ((ticks >> (top - 3)) & 7);
}

// The smallest count of ticks that is in a bucket.
constexpr std::uint64_t latencyBucketLow(std::size_t at) {
  return at < 8 ? at : (std::uint64_t{8} + at % 8) << (at / 8 - 1);
}
static_assert(latencyBucketOf(7) == 7 && latencyBucketOf(8) == 8 && latencyBucketOf(15) == 15);
static_assert(latencyBucketOf(16) == 16 && latencyBucketOf(17) == 16 && latencyBucketOf(18) == 17);
static_assert(latencyBucketOf(~std::uint64_t{0}) == kLatencyBuckets - 1);
static_assert(latencyBucketLow(16) == 16 && latencyBucketLow(17) == 18 && latencyBucketLow(24) == 32);

struct LatencyHistogram {
  std::uint64_t maxTicks;
  std::uint64_t sumTicks;
  std::uint64_t reserved[14];
  std::uint64_t buckets[kLatencyBuckets];
};
static_assert(sizeof(LatencyHistogram) == kLatencyPage);

// Pages are numbered from 1; 0 is none.
struct LatencyThread {
  std::uint64_t lostCalls;  // timed, but there was no room
  std::uint64_t reserved[7];
  std::uint32_t pages[kProbeEntries * kLatencyGroups];
};
static_assert(sizeof(LatencyThread) <= kLatencyPage);

// Two clocks read at one moment.
struct LatencyClock {
  std::uint64_t ticks;
  std::uint64_t ns;
};

struct LatencyHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t headerBytes;
  std::uint32_t capacityPages;
  std::uint32_t usedPages;
  std::uint32_t every;        // one in so many calls is timed
  std::uint32_t lostThreads;  // for which there was no page
  std::int64_t pid;
  std::uint64_t startNs;        // the probe's of the process
  std::uint64_t overheadTicks;  // between two readings with nothing in between: taken off already
  LatencyClock first;           // when the file was made
  LatencyClock soon;            // shortly after it
  LatencyClock late;            // when `lateState` is kLatencyLate
  std::uint32_t lateState;
  std::uint32_t reserved;
  std::uint64_t originNs;  // the calendar when the clock of `first` began; 0 in older files
};
static_assert(sizeof(LatencyHeader) <= kLatencyPage);

inline constexpr std::uint32_t kLatencyLateBegun = 1;
inline constexpr std::uint32_t kLatencyLate = 2;
// From the first reading of the clocks to the late one at least.
inline constexpr std::uint64_t kLatencyLateNs = 10'000'000;

inline constexpr std::size_t kLatencyHeaderBytes = kLatencyPage + kLatencyThreads * sizeof(std::uint32_t);

}  // namespace alloc8::record
