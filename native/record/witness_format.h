// The layout of a witness record: what one process image bound its allocation entry points to. One file per record,
// written once and whole, so a reader sees all of it or an error.
//
// Little-endian, as all supported machines are. A header, then four tables at the offsets that it names: object names,
// references, definitions, strings. Strings are zero-terminated and named by their offset into the string table.

#pragma once

#include <cstdint>

namespace alloc8::record {

inline constexpr char kWitnessMagic[8] = {'A', '8', 'W', 'I', 'T', 'N', 'E', 'S'};
inline constexpr std::uint32_t kWitnessVersion = 1;
inline constexpr std::uint32_t kNone = 0xffff'ffff;  // no version, no target

// What a record tells of: a process image; a forked child (these are in journals now, journal_format.h); objects that
// were loaded later, with what they refer to (in journals, too).
enum class WitnessKind : std::uint32_t { kExec = 1, kFork = 2, kLate = 3 };

// What an entry point does, which decides what a verdict makes of its binding (alloc8/detail/entry_points.h).
enum class WitnessRole : std::uint32_t { allocate = 1, release = 2, query = 3, derived = 4, report = 5 };

enum WitnessFlags : std::uint32_t {
  kTruncated = 1,  // the tables were full; what is there is true
  kAudited = 2,    // LD_AUDIT is set: an auditor may send any reference elsewhere
};

struct WitnessHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t headerBytes;
  std::uint64_t totalBytes;
  std::uint64_t sequenceNs;  // monotonic clock when the record was made: orders the records of one process
  std::int64_t pid;
  std::int64_t ppid;
  std::uint32_t kind;
  std::uint32_t flags;
  std::uint32_t executable;  // string
  std::uint32_t objectCount;
  std::uint32_t objectsOffset;
  std::uint32_t referenceCount;
  std::uint32_t referencesOffset;
  std::uint32_t definitionCount;
  std::uint32_t definitionsOffset;
  std::uint32_t stringsBytes;
  std::uint32_t stringsOffset;
  std::uint32_t reserved;
};
static_assert(sizeof(WitnessHeader) == 96, "the layout is part of the file format");

// A reference of one object to an entry point, and the object whose definition it resolves to.
struct WitnessReference {
  std::uint32_t object;
  std::uint32_t symbol;   // string
  std::uint32_t version;  // string, or kNone for an unversioned reference
  std::uint32_t target;   // object, or kNone where nothing defines it
  std::uint32_t role;     // WitnessRole
};

// An object that defines an entry point, in search order.
struct WitnessDefinition {
  std::uint32_t object;
  std::uint32_t symbol;
  std::uint32_t version;  // kNone for an unversioned definition, which satisfies every reference
  std::uint32_t role;     // WitnessRole
};

}  // namespace alloc8::record
