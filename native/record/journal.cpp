// The writer of journals; journal_format.h has the layout.

#include "record/journal.h"

#include <atomic>
#include <cstring>

#include "platform/platform.h"

namespace alloc8::record {

namespace {

// Several processes write to these at once.
template <class Word>
std::atomic_ref<Word> shared(Word& word) {
  return std::atomic_ref<Word>(word);
}

std::size_t wholeUnits(std::size_t bytes) { return (bytes + kJournalUnit - 1) / kJournalUnit * kJournalUnit; }

bool isReady(JournalHeader& header, std::size_t end) {
  return end <= shared(header.readyBytes).load(std::memory_order_acquire);
}

// Has the disk ready up to `end`; blocks are reserved before memory is touched, because a full disk would otherwise end
// the process by SIGBUS.
bool makeReady(char* memory, JournalHeader& header, std::size_t end) {
  constexpr std::size_t kStep = std::size_t{16} << 10;
  if (isReady(header, end)) return true;
  std::uint32_t ready = shared(header.readyBytes).load(std::memory_order_acquire);
  std::size_t wanted = (end + kStep - 1) / kStep * kStep;
  if (wanted > header.capacityBytes) wanted = header.capacityBytes;
  if (!platform::populatePages(memory + ready, wanted - ready)) return false;
  while (ready < wanted &&
         !shared(header.readyBytes).compare_exchange_weak(ready, static_cast<std::uint32_t>(wanted))) {
  }
  return true;
}

}  // namespace

bool Journal::create(const char* path, std::int64_t pid, std::uint64_t sequenceNs) {
  const platform::SharedFile file = platform::createSharedFile(path, kCapacityBytes);
  if (file.memory == nullptr) return false;
  auto* header = static_cast<JournalHeader*>(file.memory);
  std::memcpy(header->magic, kJournalMagic, sizeof header->magic);
  header->version = kJournalVersion;
  header->headerBytes = sizeof *header;
  header->capacityBytes = file.bytes;
  header->sequenceNs = sequenceNs;
  header->pid = pid;
  header->readyBytes = static_cast<std::uint32_t>(file.readyBytes);
  header->usedBytes = sizeof *header;
  memory_ = static_cast<char*>(file.memory);
  return true;
}

void Journal::prepare(std::size_t bytes) {
  if (memory_ == nullptr) return;
  JournalHeader& header = *reinterpret_cast<JournalHeader*>(memory_);
  const std::size_t used = shared(header.usedBytes).load(std::memory_order_relaxed);
  const std::size_t room = header.capacityBytes - used;
  makeReady(memory_, header, used + (bytes < room ? bytes : room));
  fixed_ = true;
}

JournalEntry* Journal::reserve(JournalKind kind, std::int64_t pid, std::size_t textBytes) {
  if (memory_ == nullptr) return nullptr;
  JournalHeader& header = *reinterpret_cast<JournalHeader*>(memory_);
  const std::size_t bytes = wholeUnits(sizeof(JournalEntry) + textBytes);
  std::uint32_t used = shared(header.usedBytes).load(std::memory_order_relaxed);
  do {
    const bool fits = textBytes <= header.capacityBytes && bytes <= header.capacityBytes - used;
    if (!fits || !(fixed_ ? isReady(header, used + bytes) : makeReady(memory_, header, used + bytes))) {
      shared(header.lostEntries).fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    }
  } while (!shared(header.usedBytes)
                .compare_exchange_weak(used, static_cast<std::uint32_t>(used + bytes), std::memory_order_relaxed));
  auto* entry = reinterpret_cast<JournalEntry*>(memory_ + used);
  entry->bytes = static_cast<std::uint32_t>(bytes);
  entry->kind = static_cast<std::uint32_t>(kind);
  entry->pid = pid;
  entry->timeNs = platform::monotonicNs();
  shared(entry->magic).store(kJournalEntryMagic, std::memory_order_release);
  return entry;
}

void Journal::countThread(bool ended) {
  if (memory_ == nullptr) return;
  JournalHeader& header = *reinterpret_cast<JournalHeader*>(memory_);
  shared(ended ? header.threadsEnded : header.threadsBegun).fetch_add(1, std::memory_order_relaxed);
}

void Journal::finish(JournalEntry* entry, std::size_t textBytes) {
  entry->textBytes = static_cast<std::uint32_t>(textBytes);
  shared(entry->state).store(static_cast<std::uint32_t>(JournalState::kDone), std::memory_order_release);
}

void Journal::withdraw(JournalEntry* entry) {
  if (entry == nullptr) return;
  shared(entry->state).store(static_cast<std::uint32_t>(JournalState::kWithdrawn), std::memory_order_release);
}

}  // namespace alloc8::record
