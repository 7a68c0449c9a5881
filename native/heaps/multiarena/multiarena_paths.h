// The paths of the multiarena heap that stand beside the fast one: which arena or mapping a block comes from, realloc,
// alignment, statistics.

#pragma once

#include "heaps/multiarena/multiarena_heap.h"

namespace alloc8::heaps {

// From the arena that the thread can lock. *freshFrom, where asked for, is where the block begins to read as zero.
inline ALLOC8_NOINLINE void* MultiArenaHeap::fromAny(std::size_t size, std::size_t bytes, const char** freshFrom) {
  Arena* arena = arenas_.lockOne();
  if (Chunk* chunk = arena->takeKept(bytes); chunk != nullptr) {
    arena->unlock();
    if (freshFrom != nullptr) *freshFrom = reinterpret_cast<const char*>(PTRDIFF_MAX);
    return chunk->payload();
  }
  return fromLocked(arena, size, bytes, freshFrom);
}

// The same with an arena that is locked, and had nothing in its fast bins. Unlocks it.
inline ALLOC8_NOINLINE void* MultiArenaHeap::fromLocked(Arena* arena, std::size_t size, std::size_t bytes,
                                                        const char** freshFrom) {
  if (ALLOC8_UNLIKELY(bytes >= tunables_.mmapThreshold())) {
    arena->unlock();
    if (void* p = fromMapping(size, multiarena::kGranule, freshFrom); p != nullptr) return p;
    arena->lock();
  }
  Chunk* chunk = arena->take(bytes);
  if (freshFrom != nullptr) *freshFrom = arena->freshFrom();
  arena->unlock();
  if (ALLOC8_LIKELY(chunk != nullptr)) return chunk->payload();
  return fromElsewhere(arena, size, bytes, multiarena::kGranule, freshFrom);
}

// When an arena can grow no more. Where nobody has anything, the arenas give back what they do not need, which may be
// what the system has none of, and all is tried once more.
inline ALLOC8_NOINLINE void* MultiArenaHeap::fromElsewhere(Arena* tried, std::size_t size, std::size_t bytes,
                                                           std::size_t alignment, const char** freshFrom) {
  if (void* p = fromOthers(tried, size, bytes, alignment, freshFrom); p != nullptr) return p;
  if (bytes > multiarena::kAddressSpace) return nullptr;  // nothing that is given back makes room for it
  for (Arena* arena = arenas_.first(); arena != nullptr; arena = arena->next.load(std::memory_order_acquire)) {
    arena->lock();
    arena->giveBack();
    arena->unlock();
  }
  return fromOthers(nullptr, size, bytes, alignment, freshFrom);
}

// From the main arena, a mapping, and then what any other arena has.
inline void* MultiArenaHeap::fromOthers(Arena* tried, std::size_t size, std::size_t bytes, std::size_t alignment,
                                        const char** freshFrom) {
  bool mapped = false;
  for (Arena* arena = arenas_.main(); arena != nullptr; arena = arena->next.load(std::memory_order_acquire)) {
    if (arena != tried) {
      arena->lock();
      Chunk* chunk = alignment <= multiarena::kGranule ? arena->take(bytes) : arena->takeAligned(bytes, alignment);
      if (freshFrom != nullptr) *freshFrom = arena->freshFrom();
      arena->unlock();
      if (chunk != nullptr) return chunk->payload();
    }
    if (!mapped) {
      mapped = true;
      if (void* p = fromMapping(size, alignment, freshFrom); p != nullptr) return p;
    }
  }
  return nullptr;
}

inline void* MultiArenaHeap::fromMapping(std::size_t size, std::size_t alignment, const char** freshFrom) {
  tunables_.ensure();
  Chunk* chunk = mapped_.take(size, alignment);
  if (chunk == nullptr) return nullptr;
  if (freshFrom != nullptr) *freshFrom = static_cast<const char*>(chunk->payload());
  return chunk->payload();
}

inline ALLOC8_NOINLINE void MultiArenaHeap::releaseLocked(Arena* arena, Segment* segment, Chunk* chunk) {
  arena->release(segment, chunk);
  arena->unlock();
}

// What no segment of full size has: a block of a small one, or a mapped chunk.
inline ALLOC8_NOINLINE void MultiArenaHeap::freeElsewhere(Chunk* chunk) {
  if (ALLOC8_UNLIKELY(Segment::ownsSmall(chunk))) return freeIn(Segment::of(chunk), chunk);
  mapped_.check(chunk, true);
  tunables_.mappedChunkFreed(chunk->size());
  mapped_.release(chunk);
}

inline void* MultiArenaHeap::memalign(std::size_t alignment, std::size_t size) {
  if (alignment <= multiarena::kGranule) return malloc(size);
  if (size > kMostBytes || alignment > kMostBytes / 2) return nullptr;
  const std::size_t bytes = multiarena::chunkBytes(size);
  if (bytes + alignment >= tunables_.mmapThreshold()) {
    if (void* p = fromMapping(size, alignment, nullptr); p != nullptr) return p;
  }
  Arena* arena = arenas_.lockOne();
  Chunk* chunk = arena->takeAligned(bytes, alignment);
  arena->unlock();
  return chunk != nullptr ? chunk->payload() : fromElsewhere(arena, size, bytes, alignment, nullptr);
}

// In place where that can be; a mapping moves by its page tables.
inline void* MultiArenaHeap::realloc(void* p, std::size_t size) {
  Chunk* chunk = Chunk::ofPayload(p);
  std::size_t usable;
  if (Segment::owns(chunk)) {
    Segment* segment = Segment::of(chunk);
    Arena* arena = segment->arena;
    arena->lock();
    usable = arena->checkInUse(segment, chunk, Arena::Purpose::use) - multiarena::kOverhead;
    const bool done = size <= kMostBytes && arena->resize(segment, chunk, multiarena::chunkBytes(size));
    arena->unlock();
    if (done) return p;
  } else {
    if (Chunk* resized = mapped_.resize(chunk, size); resized != nullptr) return resized->payload();
    usable = multiarena::MappedChunks::usable(chunk);
    if (size <= usable) return p;  // what holds more than is asked for is never a failure
  }
  void* moved = malloc(size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, p, usable < size ? usable : size);
  free(p);
  return moved;
}

// Chunks count with their headers, blocks by what a program may use of them.
inline HeapStats MultiArenaHeap::statsOf(Arena* arena) {
  HeapStats stats;
  if (!arena->started()) return stats;
  const multiarena::Ground& ground = arena->ground();
  stats.systemBytes = ground.bytes();
  stats.peakSystemBytes = ground.peak();
  stats.liveBlocks = arena->liveBlocks();
  stats.liveBytes = arena->liveBytes() - multiarena::kOverhead * arena->liveBlocks();
  stats.fastBlocks = arena->fastBins().count();
  stats.freeBlocks = stats.fastBlocks + arena->bins().chunks();
  stats.fastBytes = arena->fastBins().bytes();
  const std::size_t page = platform::pageSize();
  const std::size_t top = ground.topBytes() < multiarena::kGranule ? 0 : ground.topBytes() - multiarena::kGranule;
  stats.releasableBytes = top / page * page;
  return stats;
}

inline bool MultiArenaHeap::arenaStats(std::size_t index, HeapStats* out) {
  Arena* arena = arenas_.first();
  for (; arena != nullptr && index != 0; --index) arena = arena->next.load(std::memory_order_acquire);
  if (arena == nullptr) return false;
  arena->lock();
  *out = statsOf(arena);
  arena->unlock();
  return true;
}

inline HeapStats MultiArenaHeap::stats() {
  HeapStats all;
  HeapStats one;
  for (std::size_t index = 0; arenaStats(index, &one); ++index) {
    all.systemBytes += one.systemBytes;
    all.liveBytes += one.liveBytes;
    all.liveBlocks += one.liveBlocks;
    all.freeBlocks += one.freeBlocks;
    all.fastBlocks += one.fastBlocks;
    all.fastBytes += one.fastBytes;
    all.releasableBytes += one.releasableBytes;
  }
  all.largeBytes = mapped_.mappedBytes();
  all.largeBlocks = mapped_.blocks();
  all.largeLiveBytes = mapped_.usableBytes();
  all.systemBytes += all.largeBytes;
  all.liveBytes += all.largeLiveBytes;
  all.liveBlocks += all.largeBlocks;
  all.peakSystemBytes = multiarena::systemBytes.peak();
  if (all.peakSystemBytes < all.systemBytes) all.peakSystemBytes = all.systemBytes;  // threads went on meanwhile
  return all;
}

inline std::size_t MultiArenaHeap::trim(std::size_t keep) {
  std::size_t released = 0;
  for (Arena* arena = arenas_.first(); arena != nullptr; arena = arena->next.load(std::memory_order_acquire)) {
    arena->lock();
    released += arena->trim(keep);
    arena->unlock();
  }
  return released;
}

}  // namespace alloc8::heaps
