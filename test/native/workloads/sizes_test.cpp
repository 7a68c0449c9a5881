// Sizes are drawn as often as their weights say, from the file as from the table in the source, and a thing drawn below
// a bound is.

#include "workloads/sizes.h"

#include <map>

#include "check.h"

using namespace alloc8::workloads;

namespace {

std::map<std::size_t, double> sharesOf(const SizeDistribution& sizes, int draws) {
  Random random(7);
  std::map<std::size_t, double> shares;
  for (int i = 0; i < draws; ++i) shares[sizes.draw(random)] += 1.0 / draws;
  return shares;
}

void drawsEachSizeByItsWeight() {
  const SizeDistribution sizes({{8, 1}, {100, 6}, {5000, 2}, {70'000, 0.5}, {24, 0.5}});
  const auto shares = sharesOf(sizes, 1'000'000);
  CHECK_EQUAL(shares.size(), std::size_t{5});
  // Five standard deviations of a share of a half in a million draws are 0.0025.
  for (const auto& [size, share] :
       std::map<std::size_t, double>{{8, 0.1}, {100, 0.6}, {5000, 0.2}, {70'000, 0.05}, {24, 0.05}}) {
    CHECK(shares.at(size) > share - 0.0025);
    CHECK(shares.at(size) < share + 0.0025);
  }
  CHECK(sizes.mean() > 4561.9);
  CHECK(sizes.mean() < 4562.1);
}

void drawsTheOnlySize() { CHECK(sharesOf(SizeDistribution({{42, 3}}), 1000).at(42) > 0.999); }

void theTableInTheSourceIsTheFile() {
  const SizeDistribution table = SizeDistribution::fromFile("");
  const SizeDistribution file = SizeDistribution::fromFile(ALLOC8_SIZES "/sqlite.txt");
  CHECK_EQUAL(table.mean(), file.mean());
  Random one(3);
  Random other(3);
  for (int i = 0; i < 100'000; ++i) CHECK_EQUAL(table.draw(one), file.draw(other));
  // The other file is read too, and is another.
  CHECK(SizeDistribution::fromFile(ALLOC8_SIZES "/python.txt").mean() < file.mean());
}

void numbersStayWithinTheirBounds() {
  Random random(1);
  std::size_t least = 100;
  std::size_t most = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t number = random.between(3, 9);
    least = number < least ? number : least;
    most = number > most ? number : most;
  }
  CHECK_EQUAL(least, std::size_t{3});
  CHECK_EQUAL(most, std::size_t{9});
  CHECK_EQUAL(random.between(5, 5), std::size_t{5});
  for (int i = 0; i < 1000; ++i) CHECK(random.between(1, 0xffff'ffff) >= 1);
}

}  // namespace

int main() {
  RUN(drawsEachSizeByItsWeight);
  RUN(drawsTheOnlySize);
  RUN(theTableInTheSourceIsTheFile);
  RUN(numbersStayWithinTheirBounds);
}
