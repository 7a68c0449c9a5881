// How long calls to the heap take: the heap's own time, of all calls or of one in n of a thread.

#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/platform.h"
#include "probe/probe.h"
#include "record/latency_writer.h"

namespace alloc8::probe {

extern record::LatencyFile latencyFile;

// Makes the file when it is needed first, also by a level that was raised while the program ran. False where there is
// none, or none yet: another thread is making it. From any context; keeps errno.
bool ensureLatencyFile();

// Of a forked child: the file is its parent's.
void forgetLatencyFile();

// A call that is to be timed: where its thread stands, and when it went to the heap. Without a thread it is not timed.
struct Timing {
  record::LatencyThread* thread = nullptr;
  std::uint64_t start = 0;
};

// It is this call's turn, or the thread has not timed yet. Null: it is not to be timed.
record::LatencyThread* takeTurn(ProbeSlot* slot);

inline Timing beginTiming(ProbeSlot* slot, ProbeLevels levels) {
  if ((levels & record::kProbeLatency) == 0) return {};
  std::uint32_t& waits = threadPlace.untilTimed;
  if (waits > 1) {
    --waits;
    return {};
  }
  record::LatencyThread* thread = takeTurn(slot);
  if (thread == nullptr) return {};
  return {thread, platform::ticks()};
}

inline void endTiming(const Timing& timing, ProbeEntry entry, std::size_t group) {
  if (timing.thread == nullptr) return;
  latencyFile.add(timing.thread, entry, group, platform::ticks() - timing.start);
}

}  // namespace alloc8::probe
