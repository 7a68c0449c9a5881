// The layout of a journal: what became of one process image and its forked children after the witness record was
// written. One file per image, mapped shared by the image and by every child that it forks, so that an entry is a few
// stores into memory: it needs no descriptor, no path and no right that the process may have given up since (a changed
// root, another user, closed descriptors), works in the child of a vfork and in a signal handler, and survives SIGKILL.
//
// Little-endian. A header of two units, then entries in whole units. An entry is reserved by moving `used`,
// filled in and then marked done; a process that dies in between leaves one without its mark, which readers skip, and
// since entries begin at units and carry a magic number, what comes behind is found again.

#pragma once

#include <cstddef>
#include <cstdint>

namespace alloc8::record {

inline constexpr char kJournalMagic[8] = {'A', '8', 'J', 'O', 'U', 'R', 'N', 'L'};
inline constexpr std::uint32_t kJournalVersion = 1;
inline constexpr std::uint32_t kJournalEntryMagic = 0x7e4a'8a11;
inline constexpr std::size_t kJournalUnit = 64;

enum class JournalKind : std::uint32_t {
  kFork = 1,   // a child was forked; written by it
  kExec = 2,   // this process is about to become the program that the text names
  kSpawn = 3,  // posix_spawn started the program that the text names as process `child`
  kShell = 4,  // system or popen is about to start the shell that the text names, as a child of unknown number
  kLoad = 5,   // dlopen or dlmopen was called for the library that the text names
  kLate = 6,   // what was loaded since: the text is a witness record (witness_format.h)
  kLooked = 7  // what was loaded before has been looked at, and is in kLate entries where it allocates
};

enum class JournalState : std::uint32_t {
  kOpen = 0,      // being written
  kDone = 1,      // holds
  kWithdrawn = 2  // the attempt failed, so nothing came of it
};

enum JournalFlags : std::uint32_t {
  kPreloadKept = 1,     // the environment that was passed on has all that was preloaded here
  kPreloadPresent = 2,  // it preloads something, at least
  kSessionKept = 4,     // it names the session folder
  kOtherRoot = 8,       // the root folder is another than at start
  kOtherUser = 16,      // the user is another than at start
  kDeepBound = 32,      // RTLD_DEEPBIND: the library looks into itself and what it needs first
  kOwnNamespace = 64,   // dlmopen: the library and all that it needs are loaded anew, apart from the rest
};

struct JournalHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t headerBytes;
  std::uint64_t capacityBytes;  // of the file
  std::uint64_t sequenceNs;     // of the image's witness record
  std::int64_t pid;             // likewise
  std::uint32_t usedBytes;      // from the beginning of the file; whole units
  std::uint32_t lostEntries;    // for which there was no room
  std::uint32_t readyBytes;     // from the beginning of the file: has blocks on the disk, can be written to
  std::uint32_t reserved;
  std::uint64_t threadsBegun;  // that a heap's hooks have seen, in the image and its forked children
  std::uint64_t threadsEnded;  // of those
  std::uint32_t unused[14];
};
static_assert(sizeof(JournalHeader) == 128, "the layout is part of the file format");

struct JournalEntry {
  std::uint32_t magic;
  std::uint32_t bytes;   // with this header, whole units
  std::uint32_t kind;    // JournalKind
  std::uint32_t state;   // JournalState
  std::int64_t pid;      // whose doing it is
  std::int64_t ppid;     // its parent, 0 where that was not asked
  std::int64_t child;    // kSpawn: the process that was started; otherwise 0
  std::uint64_t timeNs;  // monotonic clock, before what the entry tells of
  std::uint32_t flags;   // JournalFlags
  std::uint32_t textBytes;
};
static_assert(sizeof(JournalEntry) == 56, "the layout is part of the file format");

}  // namespace alloc8::record
