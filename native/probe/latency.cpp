// Which calls are timed, and the file that their times go to.

#include "probe/latency.h"

#include <atomic>

#include "probe/control.h"
#include "probe/cost.h"
#include "probe/settings.h"

namespace alloc8::probe {

namespace {

enum State : std::uint32_t { kNone = 0, kMaking = 1, kMade = 2, kFailed = 3 };

constinit std::atomic<std::uint32_t> state{kNone};

// Not on the stack: a thread's may be small, and one thread at a time makes the file.
constinit char path[kPathBytes]{};

// How often the clocks are looked at, in timed calls of a thread; a power of two.
constexpr std::uint32_t kClockCalls = 1024;

std::uint32_t askedEvery() {
  const record::ControlPage* page = control();
  const std::uint32_t asked = page == nullptr ? 0 : __atomic_load_n(&page->latencyEvery, __ATOMIC_RELAXED);
  const std::uint32_t every = asked != 0 ? asked : settings.latencyEvery;
  return every == 0 ? 1 : every;
}

bool makeFile() {
  record::ProbeHeader& header = processFile.header();
  if (!companionPath(path, ".latency") || !latencyFile.create(path, header.pid, header.startNs, askedEvery())) {
    return false;
  }
  measureTimingCost(header.costPicoseconds, &header.watchPicoseconds);
  latencyFile.noteClocksSoon();
  return true;
}

// From 1 to 2n-1, each as likely: with a fixed distance a loop of one malloc and one free would have only one of them
// timed.
std::uint32_t nextDistance(ThreadPlace& place, std::uint32_t every) {
  std::uint32_t word = place.random;
  if (word == 0) word = static_cast<std::uint32_t>(platform::threadId() * 2654435761U) | 1;
  word ^= word << 13;
  word ^= word >> 17;
  word ^= word << 5;
  place.random = word;
  const std::uint64_t range = std::uint64_t{every} * 2 - 1;
  return static_cast<std::uint32_t>(1 + (word * range >> 32));
}

}  // namespace

constinit record::LatencyFile latencyFile;

bool ensureLatencyFile() {
  std::uint32_t seen = state.load(std::memory_order_acquire);
  if (seen == kMade) return true;
  if (seen != kNone || !state.compare_exchange_strong(seen, kMaking, std::memory_order_acquire)) return false;
  const bool made = makeFile();
  processFile.header().latency =
      static_cast<std::uint32_t>(made ? record::ProbeCompanion::made : record::ProbeCompanion::failed);
  state.store(made ? kMade : kFailed, std::memory_order_release);
  return made;
}

void forgetLatencyFile() {
  latencyFile.close();
  state.store(kNone, std::memory_order_relaxed);
}

record::LatencyThread* takeTurn(ProbeSlot* slot) {
  ThreadPlace& place = threadPlace;
  if (place.latency == nullptr) {
    if (place.latencyLost || !ensureLatencyFile()) return nullptr;
    place.latency = latencyFile.thread(processFile.indexOf(slot));
    place.latencyLost = place.latency == nullptr;
    if (place.latencyLost) return nullptr;
  }
  const std::uint32_t every = latencyFile.header().every;
  if (every > 1) {
    const bool first = place.untilTimed == 0;
    place.untilTimed = nextDistance(place, every);
    if (first && --place.untilTimed != 0) return nullptr;
  }
  if ((++place.timed & (kClockCalls - 1)) == 0) latencyFile.noteClocks();
  return place.latency;
}

}  // namespace alloc8::probe
