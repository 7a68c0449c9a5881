// How long the machine slept, by the readings of two clocks.

#include "launch/linux/clocks.h"

#include "check.h"

namespace {

using alloc8::launch::ClockReading;
using alloc8::launch::suspendedBetween;

void sleepIsTheGrowthOfTheDistance() {
  CHECK(suspendedBetween({100, 1100, 100}, {900, 1900, 900}) == 0);
  CHECK(suspendedBetween({100, 1100, 100}, {900, 6900, 900}) == 5000);
}

void waitingForTheCpuIsNoSleep() {
  // Kept waiting between the readings, at the start and at the end.
  CHECK(suspendedBetween({100, 1150, 200}, {900, 1900, 900}) == 0);
  CHECK(suspendedBetween({100, 1100, 100}, {900, 1950, 1000}) == 0);
  // A sleep then counts for what is certain of it.
  CHECK(suspendedBetween({100, 1150, 200}, {900, 6900, 900}) == 4950);
}

void awakeNow() {
  ClockReading start = alloc8::launch::readClocks();
  ClockReading end = alloc8::launch::readClocks();
  CHECK(suspendedBetween(start, end) == 0);
}

}  // namespace

int main() {
  RUN(sleepIsTheGrowthOfTheDistance);
  RUN(waitingForTheCpuIsNoSleep);
  RUN(awakeNow);
}
