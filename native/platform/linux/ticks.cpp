// The contract with the operating system on Linux: the processor's own clock. Apart from the rest, because few need it.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include "platform/platform.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace alloc8::platform {

#if defined(__x86_64__)

namespace {

enum Source : std::uint32_t { kUnknown = 0, kProcessor = 1, kSystem = 2 };

constinit std::atomic<std::uint32_t> source{kUnknown};

// Whether the processor says that its counter keeps its speed, whatever the speed of its own clock.
bool isInvariant() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1U << 8)) != 0;
}

// Asked once: a hypervisor answers in its own time.
std::uint32_t findSource() {
  const std::uint32_t found = isInvariant() ? kProcessor : kSystem;
  source.store(found, std::memory_order_relaxed);
  return found;
}

}  // namespace

std::uint64_t ticks() {
  std::uint32_t from = source.load(std::memory_order_relaxed);
  if (__builtin_expect(from != kProcessor, 0)) {
    if (from == kUnknown) from = findSource();
    if (from == kSystem) return monotonicNs();
  }
  // The counter is read out of order else: before the heap has done its work.
  _mm_lfence();
  return __rdtsc();
}

#else

std::uint64_t ticks() { return monotonicNs(); }

#endif

ClockPair readClocks() {
  ClockPair best{0, 0};
  std::uint64_t least = ~std::uint64_t{0};
  for (int round = 0; round < 4; ++round) {
    const std::uint64_t before = ticks();
    const std::uint64_t ns = monotonicNs();
    const std::uint64_t took = ticks() - before;
    if (took >= least) continue;
    least = took;
    best = {before + took / 2, ns};
  }
  return best;
}

}  // namespace alloc8::platform
