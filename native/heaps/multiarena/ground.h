// An arena's ground: its segments, and the top chunk, which is what no chunk was carved from yet. It grows at the top,
// moves on to another segment where one is full, and gives back what is free at its end.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heaps/multiarena/bins.h"
#include "heaps/multiarena/chunk.h"
#include "heaps/multiarena/segment.h"
#include "platform/platform.h"

namespace alloc8::heaps::multiarena {

// What all arenas and mappings hold from the system together.
class SystemBytes {
 public:
  constexpr SystemBytes() = default;

  void add(std::size_t bytes) {
    const std::size_t now = now_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    std::size_t peak = peak_.load(std::memory_order_relaxed);
    while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
  }
  void subtract(std::size_t bytes) { now_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t peak() const { return peak_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> now_{0};
  std::atomic<std::size_t> peak_{0};
};

inline constinit SystemBytes systemBytes;

class Ground {
 public:
  // The largest chunk that a segment of its own can hold, whatever else stands at its start.
  static constexpr std::size_t kLargestChunk = kSegmentBytes - (std::size_t{64} << 10);

  constexpr Ground() = default;

  // The first segment of arena `number`, of which `used` bytes are taken.
  void start(Arena* arena, std::size_t number, Segment* home, std::size_t used) {
    number_ = number;
    home_ = home;
    adopt(arena, home, used);
  }

  Chunk* top() const { return top_; }
  // By where it ends, not by what it says: that is asked for (checkTop) before the top changes.
  std::size_t topBytes() const { return static_cast<std::size_t>(distance(top_, current_->end)); }
  Segment* segments() const { return current_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t peak() const { return peak_; }
  // What the segments hold besides chunks and the top: headers and fences.
  std::size_t reservedForItself() const { return ownBytes_; }

  // A chunk from the top; null where it is too small. What of it lies at or behind *freshFrom reads as zero.
  Chunk* carve(std::size_t bytes, char** freshFrom) {
    const std::size_t have = topBytes();
    if (have < bytes + kGranule) return nullptr;
    checkTop(have);
    Chunk* chunk = top_;
    chunk->sizeAndFlags = bytes | kPreviousInUse;
    top_ = chunk->behind(bytes);
    top_->sizeAndFlags = (have - bytes) | kPreviousInUse;
    *freshFrom = current_->touched;
    char* written = reinterpret_cast<char*>(top_) + kHeader;
    if (written > current_->touched) current_->touched = written;
    return chunk;
  }

  // The chunk in front of the top, which is in no list, becomes part of it.
  void joinTop(Chunk* chunk, std::size_t bytes) {
    const std::size_t size = bytes + topBytes();
    checkTop(size - bytes);
    top_->sizeAndFlags = 0;
    top_ = chunk;
    chunk->sizeAndFlags = size | kPreviousInUse;
  }

  // Makes the top at least `bytes` and a granule, with `pad` more if that can be had; false where its segment is full
  // or the system has no more.
  bool extend(std::size_t bytes, std::size_t pad) {
    checkTop(topBytes());
    const std::size_t page = platform::pageSize();
    char* from = current_->end;
    const std::size_t needed = static_cast<std::size_t>(distance(current_->start(), top_)) + bytes + kGranule;
    if (needed > current_->reserved) return false;
    std::size_t wanted = needed + pad;
    if (wanted < pad || wanted > current_->reserved) wanted = current_->reserved;
    if (!current_->extendTo(current_->start() + roundUp(wanted, page)) &&
        !current_->extendTo(current_->start() + roundUp(needed, page))) {
      return false;
    }
    const auto grown = static_cast<std::size_t>(current_->end - from);
    top_->sizeAndFlags += grown;
    account(grown);
    return true;
  }

  // Goes on in a new segment with room for `bytes` at least. False when the system has no more. The rest of the old top
  // is *rest, a chunk in use that the caller frees, or null.
  bool moveOn(Arena* arena, std::size_t bytes, std::size_t pad, Chunk** rest) {
    const std::size_t needed = kSegmentHeader + bytes + 2 * kGranule;
    Segment* segment = pad < kLargestChunk - bytes ? Segment::make(needed + pad) : nullptr;
    if (segment == nullptr && (segment = Segment::make(needed)) == nullptr) return false;
    *rest = fence();
    adopt(arena, segment, kSegmentHeader);
    return true;
  }

  // Whether nothing is in use of the current segment, and it could go.
  bool isEmpty() const { return top_ == current_->first && current_ != home_; }
  // The same, where the segment that was filled before has `keep` bytes free at its end: if it had none, the next
  // request would need the empty one again.
  bool canGoBack(std::size_t keep) const {
    if (!isEmpty()) return false;
    const Chunk* last = fenceOf(current_->next);
    return keep == 0 || (!last->previousInUse() && last->previousSize >= keep);
  }

  // Gives what of the top is beyond `keep` back to the system, whole segments first; the bytes.
  std::size_t shrink(std::size_t keep, Bins& bins) {
    std::size_t released = 0;
    checkTop(topBytes());
    while (canGoBack(keep)) {
      released += current_->bytes();
      Segment* empty = current_;
      ownBytes_ -= kSegmentHeader;
      unlink(empty);
      goBack(bins);
      discard(empty);
    }
    const std::size_t page = platform::pageSize();
    const std::size_t size = topBytes();
    if (keep > size || size - keep < kGranule) return released;
    char* end = reinterpret_cast<char*>(roundUp(reinterpret_cast<std::uintptr_t>(top_) + kGranule + keep, page));
    if (end >= current_->end) return released;
    const auto less = static_cast<std::size_t>(current_->end - end);
    current_->shrinkTo(end);
    top_->sizeAndFlags -= less;
    unaccount(less);
    return released + less;
  }

  // Gives back the addresses that the current segment may yet grow into.
  void shed() { current_->shed(); }

  // Whether a free chunk is all that a segment holds, and the segment can go.
  bool canDrop(const Segment* segment, const Chunk* chunk, const Chunk* behind) const {
    return segment != home_ && chunk == segment->first && behind->isFence();
  }
  void drop(Segment* segment, const Chunk* fenceChunk) {
    ownBytes_ -= kSegmentHeader + fenceChunk->size();
    unlink(segment);
    discard(segment);
  }

 private:
  // The top is all that is left of its segment, and what is in front of it is in use; whoever writes beyond the last
  // block changes that.
  ALLOC8_ALWAYS_INLINE void checkTop(std::size_t bytes) const {
    if (ALLOC8_UNLIKELY(top_->sizeAndFlags != (bytes | kPreviousInUse))) {
      corrupt("the size of the top was overwritten", top_, top_->sizeAndFlags, number_);
    }
  }

  void account(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > peak_) peak_ = bytes_;
    systemBytes.add(bytes);
  }
  void unaccount(std::size_t bytes) {
    bytes_ -= bytes;
    systemBytes.subtract(bytes);
  }

  // A new segment becomes the current one, all of it top but the first `used` bytes.
  void adopt(Arena* arena, Segment* segment, std::size_t used) {
    segment->arena = arena;
    segment->previous = nullptr;
    segment->next = current_;
    if (current_ != nullptr) current_->previous = segment;
    current_ = segment;
    segment->first = top_ = reinterpret_cast<Chunk*>(segment->start() + used);
    top_->sizeAndFlags = (segment->bytes() - used) | kPreviousInUse;
    segment->touched = reinterpret_cast<char*>(top_) + kHeader;
    ownBytes_ += used;
    account(segment->bytes());
  }

  // Ends the current segment, so that no walk leaves it; what was its top is given as a chunk where it is large enough.
  Chunk* fence() {
    const std::size_t size = topBytes();
    checkTop(size);
    const std::size_t rest = size - kGranule < kSmallestChunk ? 0 : size - kGranule;
    current_->touched = current_->end;
    Chunk* last = top_->behind(rest);
    last->sizeAndFlags = (size - rest) | kFence | kPreviousInUse;
    if (size - rest > kGranule) last->behind(kGranule)->sizeAndFlags = 0;  // so that goBack finds the fence
    ownBytes_ += size - rest;
    if (rest == 0) return nullptr;
    top_->sizeAndFlags = rest | kPreviousInUse;
    return top_;
  }

  // Takes the fence of the segment that was filled last away: it and a free chunk in front of it become the top.
  void goBack(Bins& bins) {
    Chunk* last = fenceOf(current_);
    std::size_t size = last->size();
    ownBytes_ -= size;
    if (!last->previousInUse()) {
      Chunk* free = last->inFront(last->previousSize);
      if (ALLOC8_UNLIKELY(distance(current_->first, free) < 0 || free->size() != last->previousSize)) {
        corrupt("the size in front of a segment's end was overwritten", last, last->previousSize, number_);
      }
      bins.remove(free);
      size += free->size();
      last->sizeAndFlags = 0;
      last = free;
    }
    last->sizeAndFlags = size | kPreviousInUse;
    top_ = last;
  }

  // What ends a segment that is not the current one.
  static Chunk* fenceOf(Segment* segment) {
    Chunk* last = reinterpret_cast<Chunk*>(segment->end - kGranule);
    return last->isFence() ? last : last->inFront(kGranule);
  }

  void unlink(Segment* segment) {
    if (segment->next != nullptr) segment->next->previous = segment->previous;
    (segment->previous != nullptr ? segment->previous->next : current_) = segment->next;
  }

  void discard(Segment* segment) {
    unaccount(segment->bytes());
    segment->discard();
  }

  Chunk* top_ = nullptr;
  Segment* current_ = nullptr;
  Segment* home_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t peak_ = 0;
  std::size_t ownBytes_ = 0;
  std::size_t number_ = 0;
};

}  // namespace alloc8::heaps::multiarena
