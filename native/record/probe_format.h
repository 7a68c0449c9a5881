// The layout of a probe's file: what one process has asked of its heap, counted. One file per process, mapped shared
// and written in place, so that it is readable while it grows and whole after SIGKILL.
//
// Little-endian. A header page, a page with what a forked child took over from its parent, then slots. A slot belongs
// to one thread, which alone writes to it, with plain stores: no locks, no atomic operations. When the thread ends
// another takes its slot over; counters go on from where they are, so that the sum over all slots is the process's, and
// the slot keeps what they were when its thread began. Counters never fall: what is live is the difference of two of
// them.

#pragma once

#include <cstddef>
#include <cstdint>

namespace alloc8::record {

inline constexpr char kProbeMagic[8] = {'A', '8', 'P', 'R', 'O', 'B', 'E', '1'};
inline constexpr std::uint32_t kProbeVersion = 1;
inline constexpr std::size_t kProbePage = 4096;

// What is done at a call, one bit each. Counting is done with each of the others.
using ProbeLevels = std::uint32_t;
inline constexpr ProbeLevels kProbeOff = 0;
inline constexpr ProbeLevels kProbeCounts = 1;
inline constexpr ProbeLevels kProbeLive = 2;
inline constexpr ProbeLevels kProbeLatency = 4;
inline constexpr ProbeLevels kProbeSample = 8;
inline constexpr std::size_t kProbeLevelCount = 4;
inline constexpr ProbeLevels kProbeAll = (1U << kProbeLevelCount) - 1;

// The entry points that are told apart. THE list: X(name).
#define ALLOC8_PROBE_ENTRIES(X) \
  X(malloc)                     \
  X(calloc)                     \
  X(realloc)                    \
  X(reallocarray)               \
  X(memalign)                   \
  X(aligned_alloc)              \
  X(posix_memalign)             \
  X(valloc)                     \
  X(pvalloc)                    \
  X(operator_new)               \
  X(operator_new_array)         \
  X(free)                       \
  X(free_sized)                 \
  X(operator_delete)            \
  X(operator_delete_array)

enum class ProbeEntry : std::uint32_t {
#define ALLOC8_PROBE_ENTRY(name) name,
  ALLOC8_PROBE_ENTRIES(ALLOC8_PROBE_ENTRY)
#undef ALLOC8_PROBE_ENTRY
      kCount
};
inline constexpr std::size_t kProbeEntries = 24;  // with room
static_assert(static_cast<std::size_t>(ProbeEntry::kCount) <= kProbeEntries);

// Size classes: by 16 bytes up to 128, then four to a doubling. The last one has all that is larger.
inline constexpr std::size_t kProbeClasses = 128;

constexpr std::size_t probeClassOf(std::uint64_t bytes) {
  if (bytes <= 128) return static_cast<std::size_t>((bytes + 15) >> 4);
  const std::uint64_t last = bytes - 1;
  const unsigned top = 63U - static_cast<unsigned>(__builtin_clzll(last));
  const std::size_t at = 9 + (top - 7) * std::size_t{4} + ((last >> (top - 2)) & 3);
  return at < kProbeClasses - 1 ? at : kProbeClasses - 1;
}

// The largest size of a class in bytes; of the last one the largest that there is.
constexpr std::uint64_t probeClassLimit(std::size_t at) {
  if (at <= 8) return at * 16;
  if (at >= kProbeClasses - 1) return ~std::uint64_t{0};
  const std::size_t doubling = 7 + (at - 9) / 4;
  return (std::uint64_t{5} + (at - 9) % 4) << (doubling - 2);
}

static_assert(probeClassOf(0) == 0 && probeClassOf(1) == 1 && probeClassOf(128) == 8 && probeClassOf(129) == 9);
static_assert(probeClassLimit(9) == 160 && probeClassOf(160) == 9 && probeClassOf(161) == 10);

struct ProbeEntryCount {
  std::uint64_t calls;
  std::uint64_t failures;  // null, where that is not what was asked for
  std::uint64_t bytes;     // requested
};

// Blocks of one size class by their usable size, and so of kProbeLive only.
struct ProbeClassCount {
  std::uint64_t given;
  std::uint64_t givenBytes;
  std::uint64_t taken;
  std::uint64_t takenBytes;
};

// What a thread counts.
struct ProbeCounts {
  ProbeEntryCount entries[kProbeEntries];
  std::uint64_t requested[kProbeClasses];  // allocations by requested size
  ProbeClassCount classes[kProbeClasses];
  std::uint64_t requestedLiveBytes;  // requested by the allocations that `classes` counts as given
  std::int64_t balanceBytes;         // what has not gone there yet
  std::uint64_t reserved[6];
};

// A slot that is ending is its thread's still, until the system knows the thread no more: what libc frees behind all
// destructors of a thread is counted as well.
enum class ProbeSlotState : std::uint32_t { kFree = 0, kUsed = 1, kEnding = 2 };

struct ProbeSlot {
  std::uint32_t state;  // ProbeSlotState
  std::uint32_t next;   // of one that is ending: the next such, plus 1
  std::int64_t thread;  // the thread's number in the system
  std::uint64_t beganNs;
  std::uint64_t threads;  // how many have had this slot
  std::uint64_t reserved[4];
  ProbeCounts counts;
  ProbeCounts before;  // `counts` when the thread began
};

inline constexpr std::size_t kProbeSlotBytes = (sizeof(ProbeSlot) + kProbePage - 1) / kProbePage * kProbePage;

// A further file of the process, of the same name, that is made when it is needed.
enum class ProbeCompanion : std::uint32_t { none = 0, made = 1, failed = 2 };

// A process that could not make a file of its own (another root, other rights, no room): the nearest of those that it
// descends from by fork and that have one lists it there.
struct ProbeUnrecorded {
  std::int64_t pid;  // 0: not written yet
  std::int64_t ppid;
  std::uint64_t startNs;  // when it tried
};
inline constexpr std::size_t kProbeUnrecorded = 64;

struct ProbeHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t headerBytes;
  std::uint32_t slotBytes;
  std::uint32_t capacitySlots;
  std::uint32_t usedSlots;    // from the first on
  std::uint32_t lostThreads;  // for which there was no slot
  std::int64_t pid;
  std::int64_t ppid;
  std::uint64_t startNs;      // monotonic clock
  std::uint32_t levels;       // ProbeLevels at the process's start
  std::uint32_t startLevels;  // likewise; of a child that inherits, at the start of its parent, and so on
  std::uint32_t forked;       // 1: the process began as a copy of its parent
  std::uint32_t inherits;     // 1: the second page has what was live in the parent then
  std::uint64_t endingSlots;  // the first slot that is ending plus 1, with a count of changes above it
  std::int64_t liveBytes;     // what slots have folded
  std::int64_t peakBytes;     // of liveBytes, which lags by kProbeFoldBytes a thread at most
  std::uint64_t peakNs;
  std::uint32_t controlled;      // 1: from then on the session's control page says the levels
  std::uint32_t controlChanges;  // how many changes it had had when `startLevels` were read
  std::uint32_t latency;         // ProbeCompanion: the file of latencies
  std::uint32_t unrecorded;      // how many such processes there have been; `unrecordedFirst` has the first of them
  std::uint64_t
      costPicoseconds[kProbeLevelCount];  // what a level takes at a call, beside those before it; 0: not known
  std::uint64_t startLevelsNs;            // when `startLevels` were read
  std::uint64_t watchPicoseconds;         // what a closer look takes at a call that is not timed
  std::uint64_t samplingNs;               // what samples have taken
  std::uint64_t reserved[9];
  ProbeUnrecorded unrecordedFirst[kProbeUnrecorded];
};
static_assert(sizeof(ProbeHeader) <= kProbePage);

// What a forked child took over: live blocks of its parent by size class.
struct ProbeInherited {
  std::uint64_t blocks[kProbeClasses];
  std::uint64_t bytes[kProbeClasses];
};
static_assert(sizeof(ProbeInherited) <= kProbePage);

inline constexpr std::size_t kProbeHeaderBytes = 2 * kProbePage;

// A thread's balance goes to the process's total when it has grown or shrunk by so much.
inline constexpr std::int64_t kProbeFoldBytes = 64 << 10;

}  // namespace alloc8::record
