// Sizes drawn from a distribution: that of a real program, from a file or the built-in one.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "workloads/random.h"

namespace alloc8::workloads {

// Walker's alias method ("An efficient method for generating discrete random variables", 1977): two random numbers and
// a comparison, however many sizes there are.
class SizeDistribution {
 public:
  using Weights = std::vector<std::pair<std::size_t, double>>;

  // Neither empty nor all zero.
  explicit SizeDistribution(const Weights& weights);

  // Lines of `SIZE WEIGHT`; # begins a comment. An empty path is the built-in one, which sizes/sqlite.txt has as a
  // file. Ends the program with a message where the file is not so.
  static SizeDistribution fromFile(const std::string& path);

  std::size_t draw(Random& random) const {
    const Slot& slot = slots_[random.below(slots_.size())];
    return (random.next() >> 11) < slot.threshold ? slot.size : slot.alias;
  }

  double mean() const { return mean_; }

 private:
  struct Slot {
    std::size_t size;
    std::size_t alias;
    std::uint64_t threshold;  // of 2^53
  };
  std::vector<Slot> slots_;
  double mean_ = 0;
};

}  // namespace alloc8::workloads
