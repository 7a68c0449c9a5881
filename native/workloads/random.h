// Random numbers that follow from a seed alone and cost next to nothing, so that what is measured is the allocator.

#pragma once

#include <cstddef>
#include <cstdint>

namespace alloc8::workloads {

// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
  }

  // From 0 to below `bound`, by multiplication (Lemire, "Fast random integer generation in an interval", 2019) without
  // the correction: a bias of bound / 2^32 is no matter here.
  std::uint32_t below(std::uint64_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32) * static_cast<std::uint32_t>(bound)) >> 32);
  }

  // Both ends included; at most 2^32 - 1 numbers.
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }

 private:
  std::uint64_t state_;
};

}  // namespace alloc8::workloads
