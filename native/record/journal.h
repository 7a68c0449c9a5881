// Writes a journal into memory that several processes share. No locks and no system calls, but for reserving blocks on
// the disk now and then; see journal_format.h for why.

#pragma once

#include <cstddef>
#include <cstdint>

#include "record/journal_format.h"

namespace alloc8::record {

class Journal {
 public:
  // What the file may grow to. Only what is written to takes memory and disk.
  static constexpr std::size_t kCapacityBytes = std::size_t{4} << 20;

  constexpr Journal() = default;

  // Begins a journal in a file that does not exist yet, for the image of the given record; false where there is no room
  // or no right, and then every entry is dropped. Before main; keeps errno.
  bool create(const char* path, std::int64_t pid, std::uint64_t sequenceNs);

  bool isOpen() const { return memory_ != nullptr; }

  // An entry with room for `textBytes` of text, its state kOpen; null when there is no room, which is counted. Whatever
  // is not set by the caller is zero. From any context; keeps errno.
  JournalEntry* reserve(JournalKind kind, std::int64_t pid, std::size_t textBytes);

  // Makes `bytes` ready behind what is used, and takes no more from then on: reserve makes no system call any more.
  void prepare(std::size_t bytes);

  // Counts a thread that has begun, or one that has ended. From any context; keeps errno.
  void countThread(bool ended);

  static char* text(JournalEntry* entry) { return reinterpret_cast<char*>(entry + 1); }

  // The entry holds; its first `textBytes` of text count.
  static void finish(JournalEntry* entry, std::size_t textBytes);
  // Nothing came of what the entry tells of. Null is allowed.
  static void withdraw(JournalEntry* entry);

 private:
  char* memory_ = nullptr;
  bool fixed_ = false;
};

}  // namespace alloc8::record
