// The writer of probe files; probe_format.h has the layout.

#include "record/probe_writer.h"

#include <atomic>
#include <cstring>

#include "base/compiler.h"
#include "platform/platform.h"

namespace alloc8::record {

namespace {

template <class Word>
std::atomic_ref<Word> shared(Word& word) {
  return std::atomic_ref<Word>(word);
}

// The list of slots that are ending: the first one plus 1 below, a count of changes above, so that a slot that was
// taken and given back meanwhile is noticed.
constexpr std::uint64_t kSlotMask = 0xffffffff;
constexpr std::uint64_t kChange = std::uint64_t{1} << 32;

// What of a mapping is unmapped by itself is whole pages of the system's.
std::size_t headerPageBytes() {
  const std::size_t page = platform::pageSize();
  return page < kProbePage ? kProbePage : page;
}

}  // namespace

bool ProbeFile::create(const char* path, std::int64_t pid, std::int64_t ppid, ProbeLevels levels) {
  const platform::SharedFile file = platform::createSharedFile(
      path, kProbeHeaderBytes + kCapacitySlots * kProbeSlotBytes, kProbeHeaderBytes + kProbeSlotBytes);
  if (file.memory == nullptr) return false;
  auto* header = static_cast<ProbeHeader*>(file.memory);
  const bool fits = file.bytes >= kProbeHeaderBytes + kProbeSlotBytes;
  if (!fits || (file.readyBytes < kProbeHeaderBytes && !platform::populatePages(header, kProbeHeaderBytes))) {
    platform::unmapPages(file.memory, file.bytes);
    return false;
  }
  header->version = kProbeVersion;
  header->headerBytes = kProbeHeaderBytes;
  header->slotBytes = kProbeSlotBytes;
  header->capacitySlots = static_cast<std::uint32_t>((file.bytes - kProbeHeaderBytes) / kProbeSlotBytes);
  header->pid = pid;
  header->ppid = ppid;
  header->startNs = header->startLevelsNs = platform::monotonicNs();
  header->levels = header->startLevels = levels;
  std::memcpy(header->magic, kProbeMagic, sizeof header->magic);
  header_ = header;
  return true;
}

ProbeSlot* ProbeFile::pop() {
  auto head = shared(header_->endingSlots);
  std::uint64_t seen = head.load(std::memory_order_acquire);
  while ((seen & kSlotMask) != 0) {
    ProbeSlot* first = slot((seen & kSlotMask) - 1);
    const std::uint64_t then = ((seen & ~kSlotMask) + kChange) | shared(first->next).load(std::memory_order_relaxed);
    if (head.compare_exchange_weak(seen, then, std::memory_order_acq_rel)) return first;
  }
  return nullptr;
}

void ProbeFile::close() {
  if (header_ == nullptr) return;
  platform::unmapPages(header_, kProbeHeaderBytes + header_->capacitySlots * kProbeSlotBytes);
  header_ = nullptr;
}

ProbeHeader* ProbeFile::leaveHeader() {
  ProbeHeader* header = header_;
  if (header == nullptr) return nullptr;
  const std::size_t kept = headerPageBytes();
  const std::size_t bytes = kProbeHeaderBytes + header->capacitySlots * kProbeSlotBytes;
  if (bytes > kept) platform::unmapPages(reinterpret_cast<char*>(header) + kept, bytes - kept);
  header_ = nullptr;
  return header;
}

// One whose thread is no more, of the few that are looked at.
ProbeSlot* ProbeFile::reuse() {
  constexpr std::size_t kLookedAt = 8;
  ProbeSlot* alive[kLookedAt];
  std::size_t count = 0;
  ProbeSlot* found = nullptr;
  while (count < kLookedAt && found == nullptr) {
    ProbeSlot* slot = pop();
    if (slot == nullptr) break;
    if (platform::threadHasEnded(slot->thread)) {
      ALLOC8_TSAN_AFTER(slot);  // all that the thread did
      found = slot;
    } else {
      alive[count++] = slot;
    }
  }
  while (count > 0) push(alive[--count]);
  return found;
}

ProbeSlot* ProbeFile::acquire(std::int64_t thread) {
  ProbeSlot* found = reuse();
  if (found == nullptr) {
    auto used = shared(header_->usedSlots);
    std::uint32_t at = used.load(std::memory_order_relaxed);
    do {
      // Touched before anybody counts it as used: a full disk would end the process by SIGBUS.
      if (at >= header_->capacitySlots || !platform::populatePages(slot(at), kProbeSlotBytes)) {
        shared(header_->lostThreads).fetch_add(1, std::memory_order_relaxed);
        return nullptr;
      }
    } while (!used.compare_exchange_weak(at, at + 1, std::memory_order_acq_rel));
    found = slot(at);
  }
  found->before = found->counts;
  found->thread = thread;
  found->beganNs = platform::monotonicNs();
  found->threads++;
  shared(found->state).store(static_cast<std::uint32_t>(ProbeSlotState::kUsed), std::memory_order_release);
  return found;
}

void ProbeFile::release(ProbeSlot* slot) {
  shared(slot->state).store(static_cast<std::uint32_t>(ProbeSlotState::kEnding), std::memory_order_release);
  push(slot);
}

void ProbeFile::push(ProbeSlot* slot) {
  const std::uint64_t number = indexOf(slot) + 1;
  auto head = shared(header_->endingSlots);
  std::uint64_t seen = head.load(std::memory_order_relaxed);
  do shared(slot->next).store(static_cast<std::uint32_t>(seen & kSlotMask), std::memory_order_relaxed);
  while (!head.compare_exchange_weak(seen, ((seen & ~kSlotMask) + kChange) | number, std::memory_order_acq_rel));
}

ALLOC8_TSAN_BLIND void ProbeFile::sumLive(ProbeInherited* into) const {
  const ProbeInherited& own = inherited();
  for (std::size_t at = 0; at < kProbeClasses; ++at) {
    std::uint64_t blocks = own.blocks[at];
    std::uint64_t bytes = own.bytes[at];
    for (std::uint32_t which = 0; which < header_->usedSlots; ++which) {
      const ProbeClassCount& count = slot(which)->counts.classes[at];
      blocks += count.given - count.taken;
      bytes += count.givenBytes - count.takenBytes;
    }
    into->blocks[at] = blocks;
    into->bytes[at] = bytes;
  }
}

void listUnrecorded(ProbeHeader& header, std::int64_t pid, std::int64_t ppid) {
  const std::uint32_t at = shared(header.unrecorded).fetch_add(1, std::memory_order_relaxed);
  if (at >= kProbeUnrecorded) return;
  ProbeUnrecorded& entry = header.unrecordedFirst[at];
  entry.ppid = ppid;
  entry.startNs = platform::monotonicNs();
  shared(entry.pid).store(pid, std::memory_order_release);
}

void closeHeader(ProbeHeader* header) {
  if (header != nullptr) platform::unmapPages(header, headerPageBytes());
}

void foldProbeBalance(ProbeHeader& header, std::int64_t bytes) {
  const std::int64_t now = shared(header.liveBytes).fetch_add(bytes, std::memory_order_relaxed) + bytes;
  auto peak = shared(header.peakBytes);
  std::int64_t seen = peak.load(std::memory_order_relaxed);
  while (now > seen) {
    if (!peak.compare_exchange_weak(seen, now, std::memory_order_relaxed)) continue;
    shared(header.peakNs).store(platform::monotonicNs(), std::memory_order_relaxed);
    return;
  }
}

}  // namespace alloc8::record
