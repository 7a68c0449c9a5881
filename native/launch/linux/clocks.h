// How long the machine slept between two moments. CLOCK_MONOTONIC, which all of our times and timeouts are of, stands
// still then, so that they are right; but what ran before the sleep met warm caches and a CPU clock that what came
// after did not, and whoever reads the numbers should know.

#pragma once

#include <time.h>

#include <cstdint>

namespace alloc8::launch {

inline int64_t readClock(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// CLOCK_BOOTTIME, which goes on in sleep, between two readings of CLOCK_MONOTONIC, which does not. Nanoseconds.
struct ClockReading {
  int64_t monotonicBefore = 0;
  int64_t boottime = 0;
  int64_t monotonicAfter = 0;
};

inline ClockReading readClocks() {
  ClockReading reading;
  reading.monotonicBefore = readClock(CLOCK_MONOTONIC);
  reading.boottime = readClock(CLOCK_BOOTTIME);
  reading.monotonicAfter = readClock(CLOCK_MONOTONIC);
  return reading;
}

// The sleep between two readings, at least: what we were kept from the CPU while reading is never taken for sleep.
constexpr int64_t suspendedBetween(const ClockReading& start, const ClockReading& end) {
  int64_t mostAtStart = start.boottime - start.monotonicBefore;
  int64_t leastAtEnd = end.boottime - end.monotonicAfter;
  return leastAtEnd > mostAtStart ? leastAtEnd - mostAtStart : 0;
}

}  // namespace alloc8::launch
