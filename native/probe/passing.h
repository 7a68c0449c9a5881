// A call on its way through the probe: counted, looked at closely where more is asked for, and passed on.
//
// Counting is done in the exported function itself, and so is what live bytes and samples add to it, behind one test of
// the levels' bits. Timing, or nothing at all, is asked for by other bits, which another test tells apart; it is done
// in a function of its own, so that it costs nothing where it is not wanted.

#pragma once

#include <cstddef>

#include "probe/control.h"
#include "probe/latency.h"
#include "probe/probe.h"
#include "probe/sampler.h"

namespace alloc8::probe {

inline bool isOn(ProbeLevels levels, ProbeLevels level) { return (levels & level) != 0; }

// Whether calls are counted, and not timed.
inline bool isUntimed(ProbeLevels levels) {
  return (levels & (record::kProbeCounts | record::kProbeLatency)) == record::kProbeCounts;
}

// Where the levels stand; the measurement of our own cost has its own.
struct Current {
  ProbeLevels operator()() const { return currentLevels(); }
};

ALLOC8_ALWAYS_INLINE bool usableIfLive(ProbeLevels levels, void* block, std::size_t* usable) {
  return block != nullptr && isOn(levels, record::kProbeLive) && usableSize(block, usable);
}

inline void* countLiveBlock(ProbeSlot* slot, ProbeLevels levels, std::size_t bytes, void* block) {
  if (isOn(levels, record::kProbeSample)) countDown(slot->thread, bytes, block);
  return countLive(slot, bytes, block);
}

// A block that the heap has given, before the program has it. All give the block back, so that the last thing that an
// exported function does is to go there, and it need not keep for itself what it does not need afterwards.
ALLOC8_ALWAYS_INLINE void* countBlock(ProbeSlot* slot, ProbeLevels levels, std::size_t bytes, void* block) {
  countRequested(slot, bytes);
  if (ALLOC8_LIKELY(!isOn(levels, record::kProbeLive | record::kProbeSample))) return block;
  if (isOn(levels, record::kProbeLive)) return countLiveBlock(slot, levels, bytes, block);
  return countDown(slot->thread, bytes, block);
}

// An allocation that is looked at closely. Levels that were raised are noticed here, and in the other two functions of
// this kind: what they need beside the process's file is made at the first call that has need of it.
template <class Allocate>
ALLOC8_NOINLINE void* watchedGiven(ProbeSlot* slot, ProbeLevels levels, ProbeEntry entry, std::size_t bytes,
                                   Allocate allocate) {
  if (!isOn(levels, record::kProbeCounts)) return allocate();
  countCall(slot, entry, bytes);
  const Timing timing = beginTiming(slot, levels);
  void* block = allocate();
  endTiming(timing, entry, record::latencyGroupOf(bytes));
  if (block == nullptr) {
    countFailure(slot, entry);
    return nullptr;
  }
  return countBlock(slot, levels, bytes, block);
}

template <class Release>
ALLOC8_NOINLINE void watchedTaken(ProbeSlot* slot, ProbeLevels levels, ProbeEntry entry, void* block, Release release) {
  if (!isOn(levels, record::kProbeCounts)) return release();
  countCall(slot, entry, 0);
  std::size_t usable = 0;
  const bool live = usableIfLive(levels, block, &usable);
  if (live) countTakenBytes(slot, usable);
  forget(block, slot->thread);
  // Of null there is nothing to time.
  const Timing timing = block == nullptr ? Timing{} : beginTiming(slot, levels);
  release();
  endTiming(timing, entry, live ? record::latencyGroupOf(usable) : record::kLatencyAny);
}

template <class Release>
ALLOC8_NOINLINE void liveTaken(ProbeSlot* slot, ProbeLevels levels, void* block, Release release) {
  std::size_t usable = 0;
  if (usableIfLive(levels, block, &usable)) countTakenBytes(slot, usable);
  forget(block, slot->thread);
  release();
}

// An allocation by the function that is given, with a slot to count it in.
template <class Allocate, class Levels = Current>
ALLOC8_ALWAYS_INLINE void* countedGiven(ProbeSlot* slot, ProbeEntry entry, std::size_t bytes, Allocate allocate,
                                        Levels levels = {}) {
  if (ALLOC8_UNLIKELY(!isUntimed(levels()))) return watchedGiven(slot, levels(), entry, bytes, allocate);
  countCall(slot, entry, bytes);
  void* block = allocate();
  if (ALLOC8_LIKELY(block != nullptr)) return countBlock(slot, levels(), bytes, block);
  countFailure(slot, entry);
  return nullptr;
}

template <class Release, class Levels = Current>
ALLOC8_ALWAYS_INLINE void countedTaken(ProbeSlot* slot, ProbeEntry entry, void* block, Release release,
                                       Levels levels = {}) {
  const ProbeLevels now = levels();
  if (ALLOC8_UNLIKELY(!isUntimed(now))) return watchedTaken(slot, now, entry, block, release);
  countCall(slot, entry, 0);
  if (ALLOC8_UNLIKELY(isOn(now, record::kProbeLive | record::kProbeSample))) {
    if (isOn(now, record::kProbeLive)) return liveTaken(slot, now, block, release);
    forget(block, slot->thread);
  }
  release();
}

// A realloc that succeeds takes one block and gives another, also where they stand at one address. What is taken must
// be looked at before the call, and is counted only after it has succeeded.
template <class Resize>
ALLOC8_ALWAYS_INLINE void* countedResized(ProbeSlot* slot, ProbeEntry entry, void* block, std::size_t bytes,
                                          Resize resize) {
  const ProbeLevels levels = currentLevels();
  if (ALLOC8_UNLIKELY(!isOn(levels, record::kProbeCounts))) return resize();
  countCall(slot, entry, bytes);
  std::size_t old = 0;
  const bool live = usableIfLive(levels, block, &old);
  LiveSample sample;
  const bool sampled = holdSample(block, &sample);
  const Timing timing = beginTiming(slot, levels);
  void* moved = resize();
  endTiming(timing, entry, record::latencyGroupOf(bytes));
  if (moved == nullptr && bytes != 0) {
    countFailure(slot, entry);
    if (sampled) restoreSample(block, sample);
    return nullptr;
  }
  // realloc(p, 0) frees, by glibc's rule, where it gives null.
  if (live) countTakenBytes(slot, old);
  if (sampled) finishSample(sample, slot->thread);
  if (moved == nullptr) return nullptr;
  return countBlock(slot, levels, bytes, moved);
}

}  // namespace alloc8::probe
