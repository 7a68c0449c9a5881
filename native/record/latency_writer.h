// Writes a file of latencies; latency_format.h has the layout.

#pragma once

#include <cstddef>
#include <cstdint>

#include "record/latency_format.h"

namespace alloc8::record {

// A call that took so long. Of the histogram's thread alone.
inline void addLatency(LatencyHistogram& histogram, std::uint64_t ticks) {
  ++histogram.buckets[latencyBucketOf(ticks)];
  histogram.sumTicks += ticks;
  if (ticks > histogram.maxTicks) histogram.maxTicks = ticks;
}

class LatencyFile {
 public:
  // 64 MiB of addresses; the disk has what is in use.
  static constexpr std::size_t kCapacityPages = 16384;

  constexpr LatencyFile() = default;

  // Begins a file that must not exist; false where there is no room or no right. Any context but a signal handler's;
  // keeps errno.
  bool create(const char* path, std::int64_t pid, std::uint64_t startNs, std::uint32_t every);
  // Unmaps the file; where another process writes to it, it goes on.
  void close();

  bool isOpen() const { return header_ != nullptr; }
  LatencyHeader& header() const { return *header_; }

  // Where the thread of a slot stands; null when there is no room. From any context; keeps errno.
  LatencyThread* thread(std::size_t slot);

  // A call of the thread took so long, without what the reading of the clock takes.
  void add(LatencyThread* thread, ProbeEntry entry, std::size_t group, std::uint64_t ticks) {
    const std::uint32_t page = thread->pages[static_cast<std::size_t>(entry) * kLatencyGroups + group];
    LatencyHistogram* histogram = page != 0 ? at<LatencyHistogram>(page) : begin(thread, entry, group);
    if (histogram == nullptr) return;
    const std::uint64_t overhead = header_->overheadTicks;
    // The clocks of two processors may differ by a little.
    const bool some = ticks > overhead && ticks < std::uint64_t{1} << 63;
    addLatency(*histogram, some ? ticks - overhead : 0);
  }

  // Has all histograms of a thread that is none be one page that leads nowhere; false when there is no room.
  bool lendPage(LatencyThread* thread);

  // Reads the clocks once more: a moment after the file was made, by who made it.
  void noteClocksSoon();
  // The same where it is time for the late reading; to be called from time to time.
  void noteClocks();

 private:
  template <class Page>
  Page* at(std::uint32_t page) const {
    char* pages = reinterpret_cast<char*>(header_) + kLatencyHeaderBytes;
    return reinterpret_cast<Page*>(pages + (page - std::size_t{1}) * kLatencyPage);
  }
  LatencyHistogram* begin(LatencyThread* thread, ProbeEntry entry, std::size_t group);
  std::uint32_t takePage();

  LatencyHeader* header_ = nullptr;
  // There was no room, and the system is not asked again at every call.
  bool full_ = false;
};

}  // namespace alloc8::record
