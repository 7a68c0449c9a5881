// The reader of journals; journal_format.h has the layout.

#include "record/journal_reader.h"

#include <cstring>

#include "record/journal_format.h"

namespace alloc8::record {

namespace {

// The word of a kind, null for a number that is none.
const char* kindName(std::uint32_t kind) {
  static constexpr const char* kNames[] = {nullptr, "fork", "exec", "spawn", "shell", "load", "late", "looked"};
  return kind < sizeof kNames / sizeof *kNames ? kNames[kind] : nullptr;
}

std::string problem(const std::string& what, std::size_t offset) {
  return what + " at offset " + std::to_string(offset);
}

std::string checkHeader(const JournalHeader& header, std::size_t bytes) {
  if (std::memcmp(header.magic, kJournalMagic, sizeof header.magic) != 0) return problem("not a journal", 0);
  if (header.version != kJournalVersion) {
    return problem(
        "version " + std::to_string(header.version) + " where " + std::to_string(kJournalVersion) + " is expected",
        offsetof(JournalHeader, version));
  }
  if (header.headerBytes != sizeof header) return problem("wrong header size", offsetof(JournalHeader, headerBytes));
  if (header.usedBytes < sizeof header || header.usedBytes % kJournalUnit != 0) {
    return problem("wrong length", offsetof(JournalHeader, usedBytes));
  }
  if (header.usedBytes > bytes) {
    return problem("truncated: " + std::to_string(header.usedBytes) + " bytes expected, the file ends", bytes);
  }
  return "";
}

// Adds the finished entry at `at`, whose bounds have been checked.
std::string readEntry(const char* at, const JournalEntry& raw, std::size_t offset, JournalContent* out) {
  JournalContent::Entry entry{};
  entry.kind = kindName(raw.kind);
  if (entry.kind == nullptr) return problem("unknown kind of entry", offset);
  if (raw.textBytes > raw.bytes - sizeof raw) return problem("text longer than its entry", offset);
  entry.pid = raw.pid;
  entry.ppid = raw.ppid;
  entry.child = raw.child;
  entry.timeNs = raw.timeNs;
  entry.flags = raw.flags;
  const char* text = at + sizeof raw;
  if (raw.kind == static_cast<std::uint32_t>(JournalKind::kLate)) {
    const std::string inside = parseWitness(text, raw.textBytes, &entry.late);
    if (!inside.empty()) return problem("a record inside: " + inside + ", in the entry", offset);
  } else {
    entry.text.assign(text, raw.textBytes);
  }
  out->entries.push_back(std::move(entry));
  return "";
}

}  // namespace

std::string parseJournal(const void* data, std::size_t bytes, JournalContent* out) {
  const char* const begin = static_cast<const char*>(data);
  JournalHeader header;
  if (bytes < sizeof header) {
    return problem("truncated: a header of " + std::to_string(sizeof header) + " bytes expected, the file ends", bytes);
  }
  std::memcpy(&header, begin, sizeof header);
  const std::string wrong = checkHeader(header, bytes);
  if (!wrong.empty()) return wrong;
  out->pid = header.pid;
  out->sequenceNs = header.sequenceNs;
  out->lostEntries = header.lostEntries;
  out->threadsBegun = header.threadsBegun;
  out->threadsEnded = header.threadsEnded;
  for (std::size_t offset = sizeof header; offset < header.usedBytes;) {
    JournalEntry raw;
    std::memcpy(&raw, begin + offset, sizeof raw);
    if (raw.magic != kJournalEntryMagic) {
      offset += kJournalUnit;  // reserved by a process that died before it could begin
      continue;
    }
    if (raw.bytes < sizeof raw || raw.bytes % kJournalUnit != 0 || raw.bytes > header.usedBytes - offset) {
      return problem("wrong length of an entry", offset);
    }
    if (raw.state == static_cast<std::uint32_t>(JournalState::kDone)) {
      const std::string inside = readEntry(begin + offset, raw, offset, out);
      if (!inside.empty()) return inside;
    }
    offset += raw.bytes;
  }
  return "";
}

}  // namespace alloc8::record
