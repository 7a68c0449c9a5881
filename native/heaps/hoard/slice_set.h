// A set of a region's slices, and the search in it for neighbours.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace alloc8::heaps::hoard {

inline constexpr unsigned kSlices = 256;

// Neighbouring slices; none where the count is 0.
struct Run {
  unsigned first = 0;
  unsigned count = 0;
};

// All zero is the empty set, so that memory of the system's is one.
class SliceSet {
 public:
  bool has(unsigned slice) const { return (words_[slice / 64] >> (slice % 64) & 1) != 0; }
  bool empty() const { return (words_[0] | words_[1] | words_[2] | words_[3]) == 0; }

  void add(Run run) {
    each(run, [](std::uint64_t& word, std::uint64_t mask) { word |= mask; });
  }
  void remove(Run run) {
    each(run, [](std::uint64_t& word, std::uint64_t mask) { word &= ~mask; });
  }
  // How many of a run are in the set.
  unsigned count(Run run) const {
    int found = 0;
    const_cast<SliceSet*>(this)->each(
        run, [&found](const std::uint64_t& word, std::uint64_t mask) { found += std::popcount(word & mask); });
    return static_cast<unsigned>(found);
  }
  unsigned count() const { return count({0, kSlices}); }

  // The first run from a slice on; one of no slices where there is none.
  Run next(unsigned from) const {
    const unsigned first = seek<true>(from);
    return first == kSlices ? Run{} : Run{first, seek<false>(first) - first};
  }

  // `count` slices out of the shortest run that has as many; none where there is no such run.
  Run bestFit(unsigned count) const {
    Run best{};
    for (Run run = next(0); run.count != 0; run = next(run.first + run.count)) {
      if (run.count >= count && (best.count == 0 || run.count < best.count)) {
        best = run;
        if (run.count == count) break;
      }
    }
    return best.count == 0 ? best : Run{best.first, count};
  }

 private:
  template <class Do>
  void each(Run run, Do act) {
    for (unsigned slice = run.first; slice != run.first + run.count;) {
      const unsigned bit = slice % 64;
      const unsigned left = run.first + run.count - slice;
      const unsigned here = left < 64 - bit ? left : 64 - bit;
      const std::uint64_t mask = (here == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << here) - 1) << bit;
      act(words_[slice / 64], mask);
      slice += here;
    }
  }

  // The first slice from one on that is in the set, or the first that is not; kSlices where there is none.
  template <bool kIn>
  unsigned seek(unsigned from) const {
    while (from < kSlices) {
      const std::uint64_t word = (kIn ? words_[from / 64] : ~words_[from / 64]) >> (from % 64);
      if (word != 0) return from + static_cast<unsigned>(std::countr_zero(word));
      from = (from / 64 + 1) * 64;
    }
    return kSlices;
  }

  std::uint64_t words_[kSlices / 64];
};

}  // namespace alloc8::heaps::hoard
