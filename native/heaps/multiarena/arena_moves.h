// What arenas do beyond the shortest paths: look for a free chunk, split one, join neighbours, grow, align, resize,
// trim. The order of the search is that of ptmalloc (the internals chapter of the wiki of glibc's malloc): exact small
// bin, unsorted, best fit, top, system.

#pragma once

#include "heaps/multiarena/arena.h"

namespace alloc8::heaps::multiarena {

// Null is what the largest requests get, and others when the system has no more.
inline ALLOC8_NOINLINE Chunk* Arena::find(std::size_t bytes) {
  freshFrom_ = reinterpret_cast<const char*>(PTRDIFF_MAX);  // none of it
  if (!started() || bytes > Ground::kLargestChunk) return nullptr;
  if (bins_.chunks() == 0) {  // nothing to look through
    if (Chunk* chunk = fromTop(bytes); chunk != nullptr) return chunk;
  }
  if (bytes < Bins::kSmallLimit) {
    if (Chunk* chunk = bins_.takeSmall(bytes); chunk != nullptr) {
      checkFree(chunk);
      return whole(chunk, bytes);
    }
  }
  for (;;) {
    if (Chunk* chunk = fromUnsorted(bytes); chunk != nullptr) return chunk;
    if (Chunk* chunk = bins_.takeBest(bytes); chunk != nullptr) {
      checkFree(chunk);
      return split(chunk, bytes);
    }
    if (Chunk* chunk = fromTop(bytes); chunk != nullptr) return chunk;
    // Nothing, but for what was kept: that comes before asking the system.
    if (!fast_.any()) break;
    joinKept();
  }
  return grow(bytes) ? fromTop(bytes) : nullptr;
}

inline void Arena::release(Segment* segment, Chunk* chunk) {
  const std::size_t bytes = checkInUse(segment, chunk, Purpose::free);
  countDead(bytes);
  if (bytes <= FastBins::kLargest && mayKeep()) {
    fast_.push(chunk, bytes);
  } else if (joinHere(segment, chunk) >= kTidyAbove && needsTidying()) {
    tidy();
  }
}

// Whether small chunks are worth keeping: the less is in use beside much that is free, the fewer.
inline ALLOC8_NOINLINE bool Arena::mayKeep() {
  if (ground_.bytes() - ground_.topBytes() - liveBytes_ < kMuch) {
    keptLimit_ = fast_.bytes() + kTidyAbove;
    return true;
  }
  keptLimit_ = liveBytes_ / 4 < kTidyAbove ? liveBytes_ / 4 : kTidyAbove;
  if (fast_.bytes() < keptLimit_) return true;
  joinKept();
  return false;
}

// Whether a chunk that is neither top nor fence is in use, as the chunk behind it says.
inline bool Arena::inUse(const Segment* segment, Chunk* chunk) {
  const std::size_t bytes = chunk->size();
  if (ALLOC8_UNLIKELY(bytes < kSmallestChunk ||
                      distance(chunk, segment->end) < static_cast<std::ptrdiff_t>(bytes + kGranule))) {
    corrupt("the size of a chunk next to a free one was overwritten", chunk, chunk->sizeAndFlags,
            reinterpret_cast<const Arena*>(segment->arena)->number_);
  }
  return chunk->behind(bytes)->previousInUse();
}

// Makes sure that a chunk of a bin is one: its size is inside its segment, and what stands behind it agrees.
ALLOC8_ALWAYS_INLINE void Arena::checkFree(Chunk* chunk) {
  const auto room = static_cast<std::size_t>(distance(chunk, Segment::of(chunk)->end));
  const std::size_t bytes = chunk->sizeAndFlags - kPreviousInUse;
  if (ALLOC8_UNLIKELY(bytes % kGranule != 0 || bytes - kSmallestChunk > room - kGranule - kSmallestChunk)) {
    corrupt("the size of a free chunk was overwritten", chunk, chunk->sizeAndFlags, number_);
  }
  const Chunk* next = chunk->behind(bytes);
  if (ALLOC8_UNLIKELY(next->previousSize != bytes || next->previousInUse())) {
    corrupt("the chunk behind a free one does not agree on its size", chunk, chunk->sizeAndFlags, number_);
  }
}

inline Chunk* Arena::fromUnsorted(std::size_t bytes) {
  for (int looked = 0; looked < kMostUnsorted; ++looked) {
    Chunk* chunk = bins_.oldestUnsorted();
    if (chunk == nullptr) return nullptr;
    checkFree(chunk);
    const std::size_t size = chunk->size();
    if (size == bytes) {
      bins_.takeOldest(chunk);
      return whole(chunk, bytes);
    }
    // A run of small requests is served from one place, which keeps blocks that are used together close together.
    if (bytes < Bins::kSmallLimit && chunk == lastRest_ && size >= bytes + kSmallestChunk && bins_.isOnlyUnsorted()) {
      bins_.takeOldest(chunk);
      return split(chunk, bytes);
    }
    bins_.sortOldest(chunk, size);
  }
  return nullptr;
}

// A free chunk that is in no list any more, and was checked, becomes one in use.
inline Chunk* Arena::whole(Chunk* chunk, std::size_t bytes) {
  chunk->behind(bytes)->sizeAndFlags |= kPreviousInUse;
  return chunk;
}

// The same for its first `bytes`; the rest stays free, where it is large enough to be a chunk.
inline Chunk* Arena::split(Chunk* chunk, std::size_t bytes) {
  const std::size_t rest = chunk->size() - bytes;
  if (rest < kSmallestChunk) return whole(chunk, chunk->size());
  chunk->sizeAndFlags = bytes | kPreviousInUse;
  Chunk* second = chunk->behind(bytes);
  second->sizeAndFlags = rest | kPreviousInUse;
  second->behind(rest)->previousSize = rest;
  if (bytes >= Bins::kSmallLimit) {
    bins_.addSorted(second, rest);  // no run of small requests goes on there
  } else {
    bins_.addUnsorted(second);
    lastRest_ = second;
  }
  return chunk;
}

inline Chunk* Arena::fromTop(std::size_t bytes) {
  char* fresh = nullptr;
  Chunk* chunk = ground_.carve(bytes, &fresh);
  if (chunk == nullptr) return nullptr;
  freshFrom_ = fresh;
  return chunk;
}

inline bool Arena::grow(std::size_t bytes) {
  tunables_->ensure();
  const std::size_t pad = tunables_->topPad();
  if (ground_.extend(bytes, pad)) return true;
  Segment* full = ground_.segments();
  Chunk* rest = nullptr;
  if (!ground_.moveOn(this, bytes, pad, &rest)) return false;
  if (rest != nullptr) join(full, rest);
  return true;
}

// Joins a chunk, which counts as in use and is in no list, with its free neighbours and puts the whole into a bin, or
// into the top. Returns how large that has become.
inline ALLOC8_NOINLINE std::size_t Arena::join(Segment* segment, Chunk* chunk) { return joinHere(segment, chunk); }
ALLOC8_ALWAYS_INLINE std::size_t Arena::joinHere(Segment* segment, Chunk* chunk) {
  std::size_t bytes = chunk->size();
  if (!chunk->previousInUse()) {
    const std::size_t before = chunk->previousSize;
    Chunk* previous = chunk->inFront(before);
    if (ALLOC8_UNLIKELY(before % kGranule != 0 ||
                        distance(segment->first, chunk) < static_cast<std::ptrdiff_t>(before) ||
                        before < kSmallestChunk || previous->size() != before)) {
      corrupt("the size of the free chunk in front was overwritten", chunk, before, number_);
    }
    bins_.remove(previous);
    chunk->sizeAndFlags = 0;
    chunk = previous;
    bytes += before;
  }
  Chunk* next = chunk->behind(bytes);
  if (next == ground_.top()) {
    ground_.joinTop(chunk, bytes);
    return ground_.topBytes();
  }
  if (next->isFence() || inUse(segment, next)) {
    next->sizeAndFlags &= ~kPreviousInUse;
  } else {
    checkFree(next);
    bins_.remove(next);
    bytes += next->size();
    next->sizeAndFlags = 0;
  }
  chunk->sizeAndFlags = bytes | kPreviousInUse;
  Chunk* behind = chunk->behind(bytes);
  behind->previousSize = bytes;
  if (ground_.canDrop(segment, chunk, behind)) {
    ground_.drop(segment, behind);
  } else {
    bins_.addUnsorted(chunk);
  }
  return bytes;
}

// Joins what is kept in the fast bins with its neighbours.
inline ALLOC8_NOINLINE void Arena::joinKept() {
  for (std::size_t bytes = kSmallestChunk; bytes <= FastBins::kLargest; bytes += kGranule) {
    for (Chunk* chunk; (chunk = fast_.pop(bytes, number_)) != nullptr;) {
      Segment* segment = Segment::of(chunk);
      checkInUse(segment, chunk, Purpose::free);
      join(segment, chunk);
    }
  }
}

inline Chunk* Arena::takeAligned(std::size_t bytes, std::size_t alignment) {
  Chunk* chunk = take(bytes + alignment + kSmallestChunk);
  if (chunk == nullptr) return nullptr;
  Segment* segment = Segment::of(chunk);
  const auto at = reinterpret_cast<std::uintptr_t>(chunk->payload());
  std::size_t lead = roundUp(at, alignment) - at;
  if (lead != 0) {
    if (lead < kSmallestChunk) lead += alignment;
    Chunk* aligned = chunk->behind(lead);
    aligned->sizeAndFlags = (chunk->size() - lead) | kPreviousInUse;
    chunk->sizeAndFlags = lead | (chunk->sizeAndFlags & kPreviousInUse);
    liveBytes_ -= lead;
    join(segment, chunk);
    chunk = aligned;
  }
  resize(segment, chunk, bytes);
  return chunk;
}

inline ALLOC8_NOINLINE bool Arena::resize(Segment* segment, Chunk* chunk, std::size_t bytes) {
  std::size_t have = chunk->size();
  const std::size_t before = have;
  if (have < bytes) {
    Chunk* next = chunk->behind(have);
    if (next == ground_.top()) {
      if (have + ground_.topBytes() < bytes + kGranule && !ground_.extend(bytes - have, tunables_->topPad()))
        return false;
      char* fresh = nullptr;
      const std::size_t more = bytes - have < kSmallestChunk ? kSmallestChunk : bytes - have;
      if (ground_.carve(more, &fresh) == nullptr) return false;
      have += more;
    } else {
      if (next->isFence() || inUse(segment, next) || have + next->size() < bytes) return false;
      checkFree(next);
      bins_.remove(next);
      have += next->size();
      chunk->behind(have)->sizeAndFlags |= kPreviousInUse;
    }
    next->sizeAndFlags = 0;
    chunk->sizeAndFlags = have | (chunk->sizeAndFlags & kPreviousInUse);
  }
  if (const std::size_t rest = have - bytes; rest >= kSmallestChunk) {
    Chunk* second = chunk->behind(bytes);
    second->sizeAndFlags = rest | kPreviousInUse;
    chunk->sizeAndFlags = bytes | (chunk->sizeAndFlags & kPreviousInUse);
    have = bytes;
    join(segment, second);
  }
  liveBytes_ += have - before;
  return true;
}

// After a free that has left much in one piece.
inline bool Arena::needsTidying() const {
  const std::size_t kept = fast_.bytes();
  return kept >= kTidyAbove || kept > liveBytes_ / 4 || ground_.topBytes() >= trimFrom() || ground_.isEmpty();
}
inline ALLOC8_NOINLINE void Arena::tidy() {
  if (fast_.bytes() >= kTidyAbove || fast_.bytes() > liveBytes_ / 4) joinKept();
  const std::size_t pad = tunables_->topPad();
  if (ground_.topBytes() < trimFrom() && !ground_.canGoBack(pad)) return;
  joinKept();
  ground_.shrink(pad, bins_);
}

inline void Arena::giveBack() {
  if (!started()) return;
  joinKept();
  ground_.shrink(0, bins_);
  ground_.shed();
}

inline std::size_t Arena::trim(std::size_t keep) {
  if (!started()) return 0;
  joinKept();
  std::size_t released = ground_.shrink(keep, bins_);
  const std::size_t page = platform::pageSize();
  for (std::size_t index = 0; index < Bins::kCount; ++index) {
    for (Links* links = bins_.head(index)->next; links != bins_.head(index); links = links->next) {
      Chunk* chunk = Chunk::ofLinks(links);
      bins_.check(links);
      checkFree(chunk);
      // What a free chunk says of itself stays: its header and links in front, nothing at its end.
      const std::uintptr_t from = roundUp(reinterpret_cast<std::uintptr_t>(links) + sizeof(LargeLinks), page);
      const std::uintptr_t to = reinterpret_cast<std::uintptr_t>(chunk->behind(chunk->size())) & ~(page - 1);
      if (from >= to) continue;
      platform::purgePages(reinterpret_cast<void*>(from), to - from);
      released += to - from;
    }
  }
  return released;
}

}  // namespace alloc8::heaps::multiarena
