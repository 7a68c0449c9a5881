// Where a process and its threads begin to count, and what they count.

#include "probe/probe.h"

#include <cstring>

#include <pthread.h>

#include "base/decimal.h"
#include "platform/platform.h"
#include "probe/control.h"
#include "probe/cost.h"
#include "probe/latency.h"
#include "probe/sampler.h"
#include "probe/settings.h"

namespace alloc8::probe {

namespace {

enum Phase : std::uint32_t { kNotBegun = 0, kBeginning = 1, kBegun = 2 };

constexpr std::size_t kNameBytes = 64;

// The session's folder, as the environment had it at the start; empty where it had none that fits.
constinit char sessionFolder[kPathBytes - kNameBytes]{};
// Of this process's files, without an ending.
constinit char fileName[kNameBytes]{};

// Of this program; the same in children that are copies of it.
std::uint64_t countingCost[record::kProbeLevelCount];

// Until the real one is there. Its epoch is 0, which no thread has.
constinit ProcessPage noPage{};

// The epoch of the last process on the way to this one that has begun; a child has its parent's.
std::uint64_t lastEpoch;

// Of the nearest process that this one descends from and that has a file, for as long as this one has none.
constinit record::ProbeHeader* ancestor;

pthread_key_t threadKey;
bool threadKeyMade;

// Of the parent, noted by an atfork handler, for the child.
record::ProbeInherited parentsLive;
std::int64_t parentOfFork;
std::atomic<std::uint32_t> forksUnderWay;

void endThread(void* slot) {
  const ThreadPlace& place = threadPlace;
  if (place.slot == nullptr || place.slot != slot || place.epoch != processPage()->epoch.load()) return;
  processFile.release(place.slot);
}

bool createFile(ProbeLevels levels, std::int64_t pid) {
  char* at = base::appendDecimal(fileName, static_cast<std::uint64_t>(pid));
  *at++ = '-';
  *base::appendDecimal(at, platform::monotonicNs()) = '\0';
  char path[kPathBytes];
  return companionPath(path, ".probe") && processFile.create(path, pid, platform::parentProcessId(), levels);
}

// What a child must know of the file that it is about to leave to its parent.
struct Parents {
  bool recorded;
  ProbeLevels startLevels;
  std::uint32_t controlChanges;
  std::uint64_t startLevelsNs;
};

// A child that was forked begins with what was live in its parent, and with that since when it has been counted. The
// parent may be gone when the child allocates first, as a daemon's is. A child that was made by clone alone has run no
// handlers, and what was noted is of a fork long ago.
void takeOver(const Parents& parents) {
  record::ProbeHeader& header = processFile.header();
  header.forked = 1;
  std::int64_t parent = processPage()->forkedFrom;
  // A handler that runs before ours allocates.
  if (parent == 0 && forksUnderWay.load(std::memory_order_relaxed) != 0) parent = parentOfFork;
  if (parent == 0) return;
  header.ppid = parent;
  if (!parents.recorded) return;
  header.startLevels = parents.startLevels;
  header.controlChanges = parents.controlChanges;
  header.startLevelsNs = parents.startLevelsNs;
  processFile.inherited() = parentsLive;
  for (const std::uint64_t bytes : parentsLive.bytes) header.liveBytes += static_cast<std::int64_t>(bytes);
  header.peakBytes = header.liveBytes;
  header.peakNs = header.startNs;
  header.inherits = 1;
}

// What holds for this program until it runs another.
void beginProgram() {
  settings = settingsFromEnvironment();
  const char* folder = platform::earlyEnvironment("ALLOC8_SESSION");
  if (folder == nullptr || std::strlen(folder) >= sizeof sessionFolder) folder = "";
  std::strcpy(sessionFolder, folder);
  openControl(sessionFolder, settings.levels);
  if (!threadKeyMade) threadKeyMade = pthread_key_create(&threadKey, endThread) == 0;
}

// Leaves the parent's files to it, or every generation would have one more of them. The header stays until it is known
// that this process has a file of its own.
Parents leaveParents() {
  Parents parents{processFile.isOpen(), record::kProbeOff, 0, 0};
  if (parents.recorded) {
    const record::ProbeHeader& header = processFile.header();
    parents = {true, header.startLevels, header.controlChanges, header.startLevelsNs};
  }
  forgetLatencyFile();
  leaveSamples();
  if (record::ProbeHeader* header = processFile.leaveHeader(); header != nullptr) {
    record::closeHeader(ancestor);
    ancestor = header;
  }
  return parents;
}

// A file for this process, or its name in that of an ancestor.
bool beginFile(ProbeLevels levels, std::int64_t pid) {
  const bool begun = createFile(levels, pid);
  if (!begun) {
    if (ancestor != nullptr) record::listUnrecorded(*ancestor, pid, platform::parentProcessId());
    return false;
  }
  record::closeHeader(ancestor);
  ancestor = nullptr;
  return true;
}

void beginProcess() {
  const std::int64_t pid = platform::processId();
  const bool first = lastEpoch == 0;
  if (first) beginProgram();
  const Parents parents = leaveParents();
  const record::ControlPage* page = control();
  // Before the levels: control_format.h says why.
  const std::uint32_t changes = page == nullptr ? 0 : __atomic_load_n(&page->changes, __ATOMIC_ACQUIRE);
  const ProbeLevels levels = currentLevels() & record::kProbeAll;
  // Where the levels can be raised later, a process is counted from then on.
  if ((levels == record::kProbeOff && page == nullptr) || !beginFile(levels, pid)) return;
  record::ProbeHeader& header = processFile.header();
  header.controlled = page != nullptr ? 1 : 0;
  header.controlChanges = changes;
  if (first) {
    measureCountingCost(page != nullptr || (levels & record::kProbeLive) != 0, countingCost);
  } else {
    takeOver(parents);
  }
  std::memcpy(header.costPicoseconds, countingCost, sizeof countingCost);
}

// Makes the page that children do not get; false where the kernel has no such pages.
bool makePage() {
  void* memory = platform::mapPages(platform::pageSize(), platform::pageSize());
  if (memory == nullptr) return false;
  if (!platform::wipeOnFork(memory, platform::pageSize())) {
    platform::unmapPages(memory, platform::pageSize());
    return false;
  }
  auto* page = static_cast<ProcessPage*>(memory);
  ALLOC8_TSAN_BEFORE(page);
  ProcessPage* none = &noPage;
  // Another thread may have been as fast.
  if (!std::atomic_ref(processPageAt).compare_exchange_strong(none, page)) {
    platform::unmapPages(memory, platform::pageSize());
  }
  return true;
}

}  // namespace

constinit ProcessPage* processPageAt = &noPage;
constinit record::ProbeFile processFile;
constinit Settings settings;
constinit thread_local ThreadPlace threadPlace;

ProbeSlot* findSlot() {
  if (processPage() == &noPage && (!platform::environmentReady() || !makePage())) return nullptr;
  ProcessPage& page = *processPage();
  std::uint32_t phase = kNotBegun;
  if (page.phase.compare_exchange_strong(phase, kBeginning, std::memory_order_acq_rel)) {
    beginProcess();
    page.epoch.store(++lastEpoch, std::memory_order_release);
    page.phase.store(kBegun, std::memory_order_release);
  } else if (phase == kBeginning) {
    return nullptr;
  }
  ThreadPlace& place = threadPlace;
  place.slot = processFile.isOpen() ? processFile.acquire(platform::threadId()) : nullptr;
  place.epoch = page.epoch.load(std::memory_order_acquire);
  beginSampling();
  place.latency = nullptr;
  place.latencyLost = false;
  place.untilTimed = 0;
  // May allocate, which is counted already.
  if (place.slot != nullptr && threadKeyMade) pthread_setspecific(threadKey, place.slot);
  return place.slot;
}

bool companionPath(char (&path)[kPathBytes], const char* ending) {
  if (sessionFolder[0] == '\0' || fileName[0] == '\0') return false;
  char* at = stpcpy(path, sessionFolder);
  *at++ = '/';
  std::strcpy(stpcpy(at, fileName), ending);
  return true;
}

void afterForkInParent() { forksUnderWay.fetch_sub(1, std::memory_order_relaxed); }

void afterForkInChild() {
  forksUnderWay.store(0, std::memory_order_relaxed);
  if (processPage() != &noPage) processPage()->forkedFrom = parentOfFork;
}

void beforeFork() {
  forksUnderWay.fetch_add(1, std::memory_order_relaxed);
  parentOfFork = 0;
  // A process that has not allocated begins here, so that its children know where they come from.
  currentSlot();
  if (!processFile.isOpen() || processPage()->phase.load() != kBegun) return;
  parentOfFork = platform::processId();
  processFile.sumLive(&parentsLive);
}

void* countLive(ProbeSlot* slot, std::size_t requested, void* block) {
  record::ProbeCounts& counts = slot->counts;
  std::size_t usable = 0;
  if (!usableSize(block, &usable)) return block;
  // tcmalloc says 0 until its constructor has run.
  if (usable < requested) usable = requested;
  record::ProbeClassCount& size = counts.classes[record::probeClassOf(usable)];
  ++size.given;
  size.givenBytes += usable;
  counts.requestedLiveBytes += requested;
  counts.balanceBytes += static_cast<std::int64_t>(usable);
  if (counts.balanceBytes >= record::kProbeFoldBytes) foldBalance(counts);
  return block;
}

void foldBalance(record::ProbeCounts& counts) {
  const std::int64_t by = counts.balanceBytes;
  counts.balanceBytes = 0;
  record::foldProbeBalance(processFile.header(), by);
}

}  // namespace alloc8::probe
