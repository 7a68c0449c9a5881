// Logarithms and powers in whole numbers agree with libm's, over all sizes.

#include "base/fixed_point.h"

#include <cmath>

#include "check.h"

namespace {

using namespace alloc8::base;

void logarithmsAgree() {
  std::uint64_t state = 1;
  for (int round = 0; round < 20000; ++round) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t x = (state >> (round % 63)) | 1;
    const double expected = 64 - std::log2(static_cast<double>(x));
    const double got = static_cast<double>(negativeLog2(x)) / 4294967296.0;
    CHECK(std::fabs(got - expected) < 1e-8);
  }
}

void powersAgree() {
  for (int bits = 0; bits < 54; ++bits) {
    for (std::uint64_t part = 8; part < 16; ++part) {
      const std::uint64_t x = (part << bits) >> 3;
      const double exponent = static_cast<double>(x) / static_cast<double>(std::uint64_t{1} << kFractionBits);
      const double expected = std::exp2(-exponent);
      const double got = static_cast<double>(powerOfHalf(x)) / 9223372036854775808.0;
      CHECK(std::fabs(got - expected) < 1e-14);
    }
  }
}

// What is left of one is what small allocations are sampled with: it must be right where it is tiny.
void smallChancesAreRight() {
  for (std::uint64_t mean = 1 << 10; mean <= (std::uint64_t{1} << 30); mean *= 4) {
    const Wide log2 = ((Wide{16} << kFractionBits) / mean * kInverseLn2) >> 60;
    const std::uint64_t hit = (std::uint64_t{1} << 63) - powerOfHalf(static_cast<std::uint64_t>(log2));
    const double expected = -std::expm1(-16.0 / static_cast<double>(mean));
    const double got = static_cast<double>(hit) / 9223372036854775808.0;
    CHECK(std::fabs(got / expected - 1) < 1e-6);
  }
}

}  // namespace

int main() {
  RUN(logarithmsAgree);
  RUN(powersAgree);
  RUN(smallChancesAreRight);
}
