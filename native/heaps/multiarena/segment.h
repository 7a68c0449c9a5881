// Segments: the stretches of memory that arenas carve chunks from, and the map that says which addresses are in one.
//
// A segment is up to 64 MiB of reserved addresses at a multiple of 64 MiB, so that a chunk's segment, and by it its
// arena, is found by masking its address; ptmalloc's heaps (Gloger, "ptmalloc") are the same. Memory is put behind the
// addresses as they come to be needed.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "alloc8/lock.h"
#include "heaps/multiarena/chunk.h"
#include "platform/platform.h"

namespace alloc8::heaps::multiarena {

class Arena;

inline constexpr std::size_t kSegmentBytes = std::size_t{64} << 20;
inline constexpr std::size_t kSegmentHeader = 128;
// The most that user space has without asking.
inline constexpr std::size_t kAddressSpace = std::size_t{1} << 48;

struct Segment;

// Which multiples of 64 MiB are segments: a bit for each.
class SegmentMap {
 public:
  constexpr SegmentMap() = default;

  bool has(const void* p, std::memory_order order = std::memory_order_relaxed) const {
    const std::uintptr_t index = reinterpret_cast<std::uintptr_t>(p) / kSegmentBytes;
    return ALLOC8_LIKELY(index < kCount) && (word(index).load(order) >> (index % 64) & 1) != 0;
  }
  // False where the address is beyond what the map covers.
  bool add(const Segment* segment) {
    const std::uintptr_t index = reinterpret_cast<std::uintptr_t>(segment) / kSegmentBytes;
    if (index >= kCount) return false;
    word(index).fetch_or(std::uint64_t{1} << (index % 64), std::memory_order_relaxed);
    return true;
  }
  void remove(const Segment* segment) {
    const std::uintptr_t index = reinterpret_cast<std::uintptr_t>(segment) / kSegmentBytes;
    word(index).fetch_and(~(std::uint64_t{1} << (index % 64)), std::memory_order_release);
  }

 private:
  static constexpr std::size_t kCount = kAddressSpace / kSegmentBytes;

  std::atomic<std::uint64_t>& word(std::uintptr_t index) { return words_[index / 64]; }
  const std::atomic<std::uint64_t>& word(std::uintptr_t index) const { return words_[index / 64]; }

  std::atomic<std::uint64_t> words_[kCount / 64] = {};
};

// The segments of full size: whatever address has its bit is theirs.
inline constinit SegmentMap segmentMap;
// Where addresses are limited (RLIMIT_AS) segments are smaller than the 64 MiB that a bit stands for, and somebody
// else's mapping may lie behind one. They have a map of their own, and a lock under which they come to an end, so that
// who asks whether an address is theirs finds their header there. It is the innermost lock.
inline constinit SegmentMap smallSegmentMap;
inline constinit Lock smallSegmentLock;

struct Segment {
  Arena* arena;
  char* end;        // of what is in use; whole pages
  char* committed;  // of what has memory behind it; at or behind `end`
  std::size_t reserved;
  Chunk* first;
  char* touched;  // what lies behind was never handed out, or was dropped since, and reads as zero
  Segment* next;  // the arena's other segments, newest first
  Segment* previous;

  static Segment* of(const void* p) {
    return reinterpret_cast<Segment*>(reinterpret_cast<std::uintptr_t>(p) & ~(kSegmentBytes - 1));
  }

  // Whether an address is a segment's.
  static bool owns(const void* p) { return segmentMap.has(p) || ALLOC8_UNLIKELY(ownsSmall(p)); }
  static bool ownsSmall(const void* p) {
    // Once more, so that who saw a segment leave one map (shed) sees it in the other.
    if (segmentMap.has(p, std::memory_order_acquire)) return true;
    if (!smallSegmentMap.has(p)) return false;
    LockGuard guard(smallSegmentLock);
    return smallSegmentMap.has(p) && static_cast<const char*>(p) < of(p)->start() + of(p)->reserved;
  }
  // Whether it may be one: asked before links are followed.
  static bool mayOwn(const void* p) { return segmentMap.has(p) || smallSegmentMap.has(p); }

  // Gives the segment, of which nothing is in use any more, back to the system.
  void discard() {
    const std::size_t bytes = reserved;
    if (bytes == kSegmentBytes) {
      segmentMap.remove(this);
      platform::unmapPages(this, bytes);
    } else {
      LockGuard guard(smallSegmentLock);
      smallSegmentMap.remove(this);
      platform::unmapPages(this, bytes);
    }
  }

  char* start() { return reinterpret_cast<char*>(this); }
  std::size_t bytes() const { return static_cast<std::size_t>(distance(this, end)); }

  // A segment with `needed` bytes at least in use; null when the system has no more. A smaller reservation does where
  // addresses are limited.
  static Segment* make(std::size_t needed) {
    needed = roundUp(needed, platform::pageSize());
    for (std::size_t bytes = kSegmentBytes; bytes >= needed && bytes >= kLeastReserved; bytes /= 2) {
      void* p = platform::reservePages(bytes, kSegmentBytes);
      if (p == nullptr) continue;
      if (!platform::commitPages(p, needed)) {
        platform::unmapPages(p, bytes);
        return nullptr;
      }
      auto* segment = static_cast<Segment*>(p);
      segment->end = segment->committed = segment->start() + needed;
      segment->touched = segment->start();
      segment->reserved = bytes;
      if (!(bytes == kSegmentBytes ? segmentMap : smallSegmentMap).add(segment)) {
        platform::unmapPages(p, bytes);
        return nullptr;
      }
      return segment;
    }
    return nullptr;
  }

  // Moves `end` to a page boundary behind it; false when the system has no more.
  bool extendTo(char* to) {
    if (to > start() + reserved) return false;
    if (to > committed) {
      if (!platform::commitPages(committed, static_cast<std::size_t>(to - committed))) return false;
      committed = to;
    }
    end = to;
    return true;
  }

  // Moves `end` to a page boundary in front of it and gives the memory behind back; the addresses stay.
  void shrinkTo(char* to) {
    if (platform::uncommitPages(to, static_cast<std::size_t>(committed - to))) {
      committed = to;
    } else {
      platform::purgePages(to, static_cast<std::size_t>(end - to));
    }
    end = to;
    if (touched > to) touched = to;
  }

  // Gives the addresses back that have no memory behind them, where they are what the system is short of. The segment
  // is a small one from then on.
  void shed() {
    const auto kept = static_cast<std::size_t>(committed - start());
    const std::size_t bytes = reserved - kept;
    if (bytes == 0) return;
    LockGuard guard(smallSegmentLock);
    if (reserved == kSegmentBytes) {
      smallSegmentMap.add(this);
      segmentMap.remove(this);
    }
    reserved = kept;
    platform::unmapPages(committed, bytes);
  }

 private:
  static constexpr std::size_t kLeastReserved = std::size_t{256} << 10;
};
static_assert(sizeof(Segment) <= kSegmentHeader);

}  // namespace alloc8::heaps::multiarena
