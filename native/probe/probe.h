// The probe: a preload library in front of any heap that counts what passes through it. Its parts, from the functions
// that programs call to the file that is written.
//
// Nothing here allocates, takes a lock, or touches errno. The way to a thread's slot leads through a page that the
// kernel wipes in every child (MADV_WIPEONFORK), so that a child made by any means, raw clone included, begins without
// a slot and never writes into its parent's file.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "alloc8/detail/compiler.h"
#include "base/compiler.h"
#include "probe/next.h"
#include "record/latency_format.h"
#include "record/probe_writer.h"

namespace alloc8::probe {

class LiveSamples;

using record::ProbeEntry;
using record::ProbeLevels;
using record::ProbeSlot;

// What a child must not have from its parent. All zero: this process has not begun.
struct ProcessPage {
  std::atomic<std::uint64_t> epoch;
  std::atomic<std::uint32_t> phase;
  // Of the sampler: whether it has a file, and the sampled blocks, null until then.
  std::atomic<std::uint32_t> samplerPhase;
  std::atomic<LiveSamples*> liveSamples;
  std::int64_t forkedFrom;  // by fork, whose handlers have run; 0: by other means
};

// Where a thread counts, and in which process's time that was found out. An epoch that none has to begin with.
struct ThreadPlace {
  ProbeSlot* slot = nullptr;
  // Whether the heap is being asked for a usable size, which makes some allocate.
  bool asking = false;
  // There was no room for its latencies.
  bool latencyLost = false;
  // Its calls until the next one is timed; 0: it has not timed yet, or times each.
  std::uint32_t untilTimed = 0;
  std::uint64_t epoch = ~std::uint64_t{0};
  // Where its latencies go; null until it has timed.
  record::LatencyThread* latency = nullptr;
  std::uint32_t random = 0;
  std::uint32_t timed = 0;
};

inline constexpr std::size_t kPathBytes = 4096;

extern ProcessPage* processPageAt;
extern record::ProbeFile processFile;
// Constant from the start, also for others to see: none then asks at every call whether it must be initialised.
extern constinit thread_local ThreadPlace threadPlace;

// The path of another file of this process: the name of its probe's file with that ending, which is short. False where
// it has none.
bool companionPath(char (&path)[kPathBytes], const char* ending);

// The page of this process. Of the two who may make it each finds it as the kernel gave it: what is behind a pointer is
// read after the pointer.
ALLOC8_ALWAYS_INLINE ProcessPage* processPage() {
  ProcessPage* page = __atomic_load_n(&processPageAt, __ATOMIC_RELAXED);
  ALLOC8_TSAN_AFTER(page);
  return page;
}

// The slow way: the process's first call, or the thread's. Null where nothing is counted.
ProbeSlot* findSlot();

// This thread's slot; null where nothing is counted.
ALLOC8_ALWAYS_INLINE ProbeSlot* currentSlot() {
  const ThreadPlace& place = threadPlace;
  if (place.epoch == processPage()->epoch.load(std::memory_order_relaxed)) return place.slot;
  return findSlot();
}

// As the heap behind us says. False where it is being asked already, by a call that the question has led to.
ALLOC8_ALWAYS_INLINE bool usableSize(void* block, std::size_t* bytes) {
  bool& asking = threadPlace.asking;
  if (asking) return false;
  asking = true;
  *bytes = nextHeap.malloc_usable_size(block);
  asking = false;
  return true;
}

// A call that is to be counted, before it goes to the heap.
inline void countCall(ProbeSlot* slot, ProbeEntry entry, std::size_t bytes) {
  record::ProbeEntryCount& count = slot->counts.entries[static_cast<std::size_t>(entry)];
  ++count.calls;
  count.bytes += bytes;
}

inline void countFailure(ProbeSlot* slot, ProbeEntry entry) {
  ++slot->counts.entries[static_cast<std::size_t>(entry)].failures;
}

// Before a fork, in the parent: what the child will need to know. After it, in each.
void beforeFork();
void afterForkInParent();
void afterForkInChild();

inline void countRequested(ProbeSlot* slot, std::size_t bytes) {
  ++slot->counts.requested[record::probeClassOf(bytes)];
}

// Of live bytes: a block that the heap has given, before the program has it. Gives it back.
void* countLive(ProbeSlot* slot, std::size_t requested, void* block);
// Gives a thread's balance to the process's total.
void foldBalance(record::ProbeCounts& counts);

// A block of so many usable bytes that the heap takes.
ALLOC8_ALWAYS_INLINE void countTakenBytes(ProbeSlot* slot, std::size_t usable) {
  record::ProbeCounts& counts = slot->counts;
  record::ProbeClassCount& size = counts.classes[record::probeClassOf(usable)];
  ++size.taken;
  size.takenBytes += usable;
  counts.balanceBytes -= static_cast<std::int64_t>(usable);
  if (ALLOC8_UNLIKELY(counts.balanceBytes <= -record::kProbeFoldBytes)) foldBalance(counts);
}

}  // namespace alloc8::probe
