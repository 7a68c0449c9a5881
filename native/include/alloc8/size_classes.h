// Size classes that heaps share: steps of 16 bytes up to 64, then four classes to a doubling, so that at most a fifth
// of a block above 64 bytes is waste.

#pragma once

#include <bit>
#include <cstddef>

#include "alloc8/detail/prefix.h"

namespace alloc8 {

// The smallest class whose blocks hold `size` bytes.
constexpr std::size_t sizeClassOf(std::size_t size) {
  if (size <= 64) return size == 0 ? 0 : (size - 1) / 16;
  const auto log = static_cast<std::size_t>(std::bit_width(size - 1)) - 1;  // 2^log < size <= 2^(log+1)
  return (log - 6) * 4 + ((size - 1) >> (log - 2)) % 4 + 4;
}

// The block size of a class in bytes.
constexpr std::size_t sizeClassBytes(std::size_t sizeClass) {
  if (sizeClass < 4) return (sizeClass + 1) * 16;
  const std::size_t log = sizeClass / 4 + 5;
  return (std::size_t{1} << log) + (sizeClass % 4 + 1) * (std::size_t{1} << (log - 2));
}

}  // namespace alloc8
