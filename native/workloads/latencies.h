// How long operations took, in a histogram that adds in a few instructions and allocates nothing after its making.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace alloc8::workloads {

// 32 steps to a doubling, so that a value is at most 3 % below the truth, after HdrHistogram.
class Latencies {
 public:
  Latencies() : counts_(kBuckets) {}

  void add(std::uint64_t nanoseconds) { ++counts_[bucketOf(nanoseconds)]; }

  void merge(const Latencies& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  }

  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts_) sum += count;
    return sum;
  }

  // The smallest value that at least `share` of all do not exceed; 0 where there are none.
  std::uint64_t percentile(double share) const {
    const double wanted = share * static_cast<double>(count());
    std::uint64_t seen = 0;
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      if (counts_[i] == 0) continue;
      seen += counts_[i];
      last = lowestOf(i);
      if (static_cast<double>(seen) >= wanted) break;
    }
    return last;
  }

 private:
  static constexpr std::size_t kBuckets = std::size_t{60} * 32;

  static std::size_t bucketOf(std::uint64_t nanoseconds) {
    if (nanoseconds < 32) return nanoseconds;
    const auto octave = static_cast<std::size_t>(63 - __builtin_clzll(nanoseconds)) - 4;
    return octave * 32 + ((nanoseconds >> (octave - 1)) & 31);
  }
  static std::uint64_t lowestOf(std::size_t bucket) {
    const std::size_t octave = bucket / 32;
    return octave == 0 ? bucket : (std::uint64_t{32} + bucket % 32) << (octave - 1);
  }

  std::vector<std::uint64_t> counts_;
};

}  // namespace alloc8::workloads
