// Logarithm and exponential in whole numbers. Code that runs inside another program's malloc must not use floating
// point: it would raise that program's exception flags, and trap where the program has asked for traps.

#pragma once

#include <cstddef>
#include <cstdint>

namespace alloc8::base {

__extension__ using Wide = unsigned __int128;

// 1 / ln 2 and ln 2, with 60 bits behind the point.
inline constexpr std::uint64_t kInverseLn2 = 0x171547652b82fe18;
inline constexpr std::uint64_t kLn2 = 0x0b17217f7d1cf79b;

// -log2 of `x` / 2^64 with 32 bits behind the point; `x` is not 0. Bit by bit: squaring doubles a logarithm.
constexpr std::uint64_t negativeLog2(std::uint64_t x) {
  const auto zeroes = static_cast<unsigned>(__builtin_clzll(x));
  std::uint64_t scaled = x << zeroes;  // from 1 to 2, with 63 bits behind the point
  std::uint64_t log = 0;
  for (int bit = 31; bit >= 0; --bit) {
    const Wide square = Wide{scaled} * scaled;  // 126 bits behind the point
    const bool isTwo = (square >> 127) != 0;
    scaled = static_cast<std::uint64_t>(square >> (isTwo ? 64 : 63));
    if (isTwo) log |= std::uint64_t{1} << bit;
  }
  // log2(x / 2^64) = log - zeroes - 1 in whole units.
  return (std::uint64_t{zeroes + 1} << 32) - log;
}

inline constexpr int kFractionBits = 48;

namespace detail {

constexpr std::uint64_t squareRoot(Wide of) {
  std::uint64_t root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const std::uint64_t with = root | std::uint64_t{1} << bit;
    if (Wide{with} * with <= of) root = with;
  }
  return root;
}

// 2 to the power of -1/2, -1/4, and so on, with 63 bits behind the point.
struct Roots {
  std::uint64_t of[kFractionBits];
};
constexpr Roots rootsOfHalf() {
  Roots roots{};
  Wide one = Wide{1} << 62;  // a half with 63 bits
  for (std::uint64_t& root : roots.of) {
    root = squareRoot(one << 63);
    one = root;
  }
  return roots;
}
inline constexpr Roots kRoots = rootsOfHalf();

}  // namespace detail

// 2^-x with 63 bits behind the point, of an `x` with kFractionBits behind it.
constexpr std::uint64_t powerOfHalf(std::uint64_t x) {
  const std::uint64_t whole = x >> kFractionBits;
  if (whole > 62) return 0;
  std::uint64_t power = std::uint64_t{1} << 63;
  for (int at = 0; at < kFractionBits; ++at) {
    if ((x >> (kFractionBits - 1 - at) & 1) == 0) continue;
    power = static_cast<std::uint64_t>((Wide{power} * detail::kRoots.of[at]) >> 63);
  }
  return power >> whole;
}

static_assert(negativeLog2(std::uint64_t{1} << 63) == std::uint64_t{1} << 32);
static_assert(negativeLog2(1) == std::uint64_t{64} << 32);
static_assert(powerOfHalf(0) == std::uint64_t{1} << 63);
static_assert(powerOfHalf(std::uint64_t{1} << kFractionBits) == std::uint64_t{1} << 62);

}  // namespace alloc8::base
