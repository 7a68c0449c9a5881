// Sampling: of all bytes asked for, points are drawn at random distances (Poisson sampling), and an allocation on which
// a point falls is remembered with its stack until it is freed. samples_format.h says what a sample stands for.
//
// A thread counts down the bytes to its next point; only there is anything else done. Of frees, a filter tells which
// may be of a sampled block.

#pragma once

#include <cstddef>
#include <cstdint>

#include "alloc8/detail/compiler.h"
#include "probe/live_samples.h"
#include "probe/probe.h"

namespace alloc8::probe {

// What a thread has of its own for it. A new process, or one that was forked, begins anew.
struct SamplerThread {
  std::int64_t untilSample = 0;
  std::uint64_t random = 0;
  // In the file; 0: not yet, or there was no room.
  std::uint32_t number = 0;
  bool asked = false;
  // Sampling: what allocates meanwhile is not sampled, nor is a signal handler that came in between.
  bool busy = false;
};
// Constant from the start, as probe.h says.
extern constinit thread_local SamplerThread samplerThread;

// A thread's first call in a process.
void beginSampling();

// Makes this process's file when it is needed first, also by a level that was raised while the program ran. False where
// there is none, or none yet. From any context; keeps errno.
bool ensureSamples();

// In the child of a fork: the file is the parent's.
void leaveSamples();

// The point has been passed. Gives the block back.
void* sampleGiven(std::int64_t thread, std::size_t charge, void* block);

// A block is about to be freed, or moved; true where it was sampled, and then it is known no more.
bool holdSample(const void* block, LiveSample* sample);
// It has been freed.
void finishSample(const LiveSample& sample, std::int64_t thread);
// Both at once.
void forgetSample(const void* block, std::int64_t thread);
// It has not.
void restoreSample(const void* block, const LiveSample& sample);

// A block that the program is about to have. Gives it back.
ALLOC8_ALWAYS_INLINE void* countDown(std::int64_t thread, std::size_t requested, void* block) {
  // The smallest block takes so much.
  constexpr std::size_t kLeast = 16;
  const std::size_t charge = requested < kLeast ? kLeast : requested;
  std::int64_t& until = samplerThread.untilSample;
  until -= static_cast<std::int64_t>(charge);
  return ALLOC8_UNLIKELY(until < 0) ? sampleGiven(thread, charge, block) : block;
}

// A block that is about to be freed.
ALLOC8_ALWAYS_INLINE void forget(const void* block, std::int64_t thread) {
  LiveSamples* live = processPage()->liveSamples.load(std::memory_order_acquire);
  if (ALLOC8_LIKELY(live == nullptr || !live->mayHave(block))) return;
  forgetSample(block, thread);
}

}  // namespace alloc8::probe
