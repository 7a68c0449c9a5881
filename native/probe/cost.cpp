// Measures what the probe itself takes.

#include "probe/cost.h"

#include "probe/next.h"
#include "probe/passing.h"
#include "probe/sampler.h"

namespace alloc8::probe {

namespace {

// So few that all of it is over in some microseconds; the least of the rounds is the one that nothing disturbed.
constexpr int kRounds = 4;
constexpr std::uint64_t kPairs = 50;
// A timed call takes ten times as long.
constexpr std::uint64_t kTimedPairs = 8;
constexpr std::size_t kBytes = 64;

// Two threads may measure at once, the one samples, the other times; of counting nobody else is there yet.
constinit ProbeSlot scratch{};
constinit ProbeSlot samplingScratch{};
constinit record::LatencyThread scratchThread{};

// A heap that does nothing, called as the heap behind is.
ALLOC8_NOINLINE void* give(void* block) {
  ALLOC8_ASSUME_NOTHING(block);
  return block;
}
ALLOC8_NOINLINE void take(void* block) { ALLOC8_ASSUME_NOTHING(block); }
using Giving = void* (*)(void*);
using Taking = void (*)(void*);
constinit volatile Giving giving = give;
constinit volatile Taking taking = take;

struct Fixed {
  ProbeLevels levels;
  ProbeLevels operator()() const { return levels; }
};

// As the exported functions do it, in front of that heap.
ALLOC8_NOINLINE void* passGiven(ProbeLevels levels, void* block) {
  ProbeSlot* slot = currentSlot();
  const auto allocate = [=] { return giving(block); };
  return slot == nullptr ? allocate() : countedGiven(slot, ProbeEntry::malloc, kBytes, allocate, Fixed{levels});
}

ALLOC8_NOINLINE void passTaken(ProbeLevels levels, void* block) {
  ProbeSlot* slot = currentSlot();
  if (slot != nullptr)
    countedTaken(
        slot, ProbeEntry::free, block, [=] { taking(block); }, Fixed{levels});
}

// Picoseconds of a call, whether it gives or takes: its whole way through the probe to the heap that does nothing. A
// direct call of that heap is not taken off, because the processor does much of both at the same time, which it cannot
// do behind a real heap; so it comes close to what the loop of README.md sees.
template <class Pair>
ALLOC8_ALWAYS_INLINE std::uint64_t measure(std::uint64_t pairs, Pair pair) {
  std::uint64_t least = ~std::uint64_t{0};
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t start = platform::monotonicNs();
    for (std::uint64_t i = 0; i < pairs; ++i) pair();
    const std::uint64_t took = platform::monotonicNs() - start;
    if (took < least) least = took;
  }
  return least * 1000 / (pairs * 2);
}

std::uint64_t measurePassed(ProbeLevels levels, void* block) {
  return measure(kPairs, [=] {
    passGiven(levels, block);
    passTaken(levels, block);
  });
}

// Every call is timed, whatever the file says.
std::uint64_t measureTimed(ProbeLevels levels, void* block) {
  return measure(kTimedPairs, [=] {
    threadPlace.untilTimed = 1;
    passGiven(levels, block);
    threadPlace.untilTimed = 1;
    passTaken(levels, block);
  });
}

std::uint64_t beyond(std::uint64_t more, std::uint64_t base) { return more > base ? more - base : 0; }

std::size_t placeOf(ProbeLevels level) { return static_cast<std::size_t>(__builtin_ctz(level)); }

// For the time of a measurement the thread has the slot that is nobody's.
class Scratch {
 public:
  explicit Scratch(ProbeSlot& slot = scratch) : place_(threadPlace) {
    threadPlace.slot = &slot;
    threadPlace.epoch = processPage()->epoch.load(std::memory_order_relaxed);
  }
  ~Scratch() { threadPlace = place_; }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

 private:
  ThreadPlace place_;
};

}  // namespace

void measureCountingCost(bool live, std::uint64_t* picoseconds) {
  const Scratch place;
  char any = 0;
  const std::uint64_t counting = measurePassed(record::kProbeCounts, &any);
  picoseconds[placeOf(record::kProbeCounts)] = counting;
  // Not hasNext(), which would look for it.
  if (!live || !__atomic_load_n(&nextHeap.ready, __ATOMIC_ACQUIRE)) return;
  void* block = nextHeap.malloc(kBytes);
  if (block == nullptr) return;
  const std::uint64_t both = measurePassed(record::kProbeCounts | record::kProbeLive, block);
  picoseconds[placeOf(record::kProbeLive)] = beyond(both, counting);
  nextHeap.free(block);
}

void measureSamplingCost(std::uint64_t* picoseconds) {
  const Scratch place(samplingScratch);
  const SamplerThread own = samplerThread;
  // Far from its point.
  samplerThread.untilSample = std::int64_t{1} << 60;
  char any = 0;
  const std::uint64_t counting = measurePassed(record::kProbeCounts, &any);
  picoseconds[placeOf(record::kProbeSample)] =
      beyond(measurePassed(record::kProbeCounts | record::kProbeSample, &any), counting);
  samplerThread = own;
}

void measureTimingCost(std::uint64_t* picoseconds, std::uint64_t* watchPicoseconds) {
  if (!latencyFile.lendPage(&scratchThread)) return;
  const Scratch place;
  threadPlace.latency = &scratchThread;
  char any = 0;
  constexpr ProbeLevels kTiming = record::kProbeCounts | record::kProbeLatency;
  const std::uint64_t counting = measurePassed(record::kProbeCounts, &any);
  // Far from its turn.
  threadPlace.untilTimed = ~std::uint32_t{0};
  const std::uint64_t watching = measurePassed(kTiming, &any);
  *watchPicoseconds = beyond(watching, counting);
  picoseconds[placeOf(record::kProbeLatency)] = beyond(measureTimed(kTiming, &any), watching);
}

}  // namespace alloc8::probe
