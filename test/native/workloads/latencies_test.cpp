// The histogram's percentiles against sorted values: never above, and at most a thirty-second part below.

#include "workloads/latencies.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"
#include "workloads/random.h"

using namespace alloc8::workloads;

namespace {

void percentilesAreThoseOfTheValues() {
  Random random(5);
  Latencies latencies;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    // From nanoseconds to hours, as many in each doubling.
    const std::uint64_t value = random.next() >> (20 + random.below(44));
    values.push_back(value);
    latencies.add(value);
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size()))) - 1;
    const std::uint64_t truth = values[rank];
    CHECK(latencies.percentile(share) <= truth);
    CHECK(latencies.percentile(share) >= truth - truth / 32);
  }
  CHECK_EQUAL(latencies.count(), std::uint64_t{20'000});
}

void smallValuesAreExact() {
  Latencies latencies;
  for (std::uint64_t value = 0; value < 64; ++value) latencies.add(value);
  CHECK_EQUAL(latencies.percentile(0.5), std::uint64_t{31});
  CHECK_EQUAL(latencies.percentile(1), std::uint64_t{63});
}

void nothingGivesZeroAndTheLargestFits() {
  Latencies latencies;
  CHECK_EQUAL(latencies.percentile(0.5), std::uint64_t{0});
  latencies.add(~std::uint64_t{0});
  CHECK(latencies.percentile(1) > std::uint64_t{1} << 63);
}

void mergedIsAsAddedToOne() {
  Latencies one;
  Latencies other;
  one.add(10);
  other.add(1000);
  other.add(2000);
  one.merge(other);
  CHECK_EQUAL(one.count(), std::uint64_t{3});
  CHECK_EQUAL(one.percentile(0.3), std::uint64_t{10});
  CHECK(one.percentile(1) > 1900);
}

}  // namespace

int main() {
  RUN(percentilesAreThoseOfTheValues);
  RUN(smallValuesAreExact);
  RUN(nothingGivesZeroAndTheLargestFits);
  RUN(mergedIsAsAddedToOne);
}
