// What is wrong with a chunk that a program hands back, in words: asked only once the quick look at it failed.

#pragma once

#include "heaps/multiarena/arena.h"

namespace alloc8::heaps::multiarena {

inline const char* Arena::fault(const Segment* segment, Chunk* chunk, Purpose purpose) const {
  const bool frees = purpose == Purpose::free;
  const std::ptrdiff_t room = distance(chunk, segment->end);
  if (reinterpret_cast<std::uintptr_t>(chunk) % kGranule != 0) return "not the start of a block";
  if (distance(segment->first, chunk) < 0 || room < kLeastRoom) return "outside what was handed out";
  if (segment == ground_.segments() && distance(ground_.top(), chunk) >= 0) {  // what was freed last became part of it
    return frees ? "freed twice, or never handed out" : "used after it was freed, or never handed out";
  }
  const std::size_t word = chunk->sizeAndFlags;
  const std::size_t bytes = chunk->size();
  if ((word & kKept) != 0 && bytes <= FastBins::kLargest) return frees ? "freed twice" : "used after it was freed";
  if (bytes == 0) {  // a chunk that joined another has no size
    return frees ? "freed twice, or not the start of a block" : "used after it was freed, or not the start of a block";
  }
  if ((word & (kMapped | kKept | kFence)) != 0 || bytes < kSmallestChunk) {
    return "the size was overwritten, or not the start of a block";
  }
  if (bytes > static_cast<std::size_t>(room) - kGranule) return "the size reaches beyond the segment";
  const Chunk* next = chunk->behind(bytes);
  if ((next->sizeAndFlags & kMapped) != 0 || next->size() < kGranule ||
      next->size() > static_cast<std::size_t>(room) - bytes) {
    return "the size of the next chunk was overwritten";
  }
  if (!next->previousInUse()) {
    return frees ? "freed twice, or the next chunk was overwritten"
                 : "used after it was freed, or the next chunk was overwritten";
  }
  return nullptr;
}

inline ALLOC8_NOINLINE std::size_t Arena::examine(const Segment* segment, Chunk* chunk, Purpose purpose) const {
  const char* found = fault(segment, chunk, purpose);
  if (found != nullptr) {
    const bool readable = distance(segment, chunk) >= 0 && distance(chunk, segment->end) >= kLeastRoom;
    corrupt(found, chunk, readable ? sizeWordAt(chunk) : 0, number_);
  }
  return chunk->size();
}

}  // namespace alloc8::heaps::multiarena
