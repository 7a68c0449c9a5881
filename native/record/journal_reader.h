// Reads a journal. The file was written in processes that we do not trust, perhaps while it is read: every length and
// offset is checked, and what does not hold is an error with the offset where it was seen, never a crash.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "record/witness_reader.h"

namespace alloc8::record {

struct JournalContent {
  struct Entry {
    const char* kind;  // "fork", "exec", "spawn", "shell", "load", "late" or "looked"
    std::int64_t pid;
    std::int64_t ppid;
    std::int64_t child;
    std::uint64_t timeNs;
    std::uint32_t flags;  // JournalFlags
    std::string text;     // empty for kLate
    WitnessRecord late;   // filled in for kLate only
  };

  std::int64_t pid = 0;
  std::uint64_t sequenceNs = 0;
  std::uint32_t lostEntries = 0;
  std::uint64_t threadsBegun = 0;
  std::uint64_t threadsEnded = 0;
  std::vector<Entry> entries;  // in the order of the file; those that were withdrawn or never finished are left out
};

// Parses the first `bytes` bytes of a journal, which must reach to its end as its header has it, into *out. Empty on
// success, else what is wrong and at which offset; then *out holds what came before.
std::string parseJournal(const void* data, std::size_t bytes, JournalContent* out);

}  // namespace alloc8::record
