// The thread-safe custom malloc: several arenas with a lock each, boundary tags, bins, a top chunk, mappings for large
// blocks. It is built as ptmalloc is and there to be read; README.md explains it, with pictures of its own state.
//
// A process has one such heap, because a thread remembers one arena.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc8/alloc8.h"
#include "heaps/multiarena/arena.h"
#include "heaps/multiarena/arena_list.h"
#include "heaps/multiarena/mapped.h"
#include "heaps/multiarena/tunables.h"

namespace alloc8::heaps {

class MultiArenaHeap {
  using Arena = multiarena::Arena;
  using Chunk = multiarena::Chunk;
  using Segment = multiarena::Segment;

 public:
  static constexpr bool followsLibcRules = true;
  constexpr MultiArenaHeap() = default;

  // The way of most calls: the thread's arena is free, and has a chunk of that size in a fast bin.
  ALLOC8_ALWAYS_INLINE void* malloc(std::size_t size) {
    if (ALLOC8_UNLIKELY(size > kMostBytes)) return nullptr;
    const std::size_t bytes = multiarena::chunkBytes(size);
    Arena* arena = multiarena::ArenaList::preferred();
    if (ALLOC8_UNLIKELY(arena == nullptr || !arena->tryLock())) return fromAny(size, bytes);
    Chunk* chunk = arena->takeKept(bytes);
    if (ALLOC8_UNLIKELY(chunk == nullptr)) return fromLocked(arena, size, bytes);
    arena->unlock();
    return chunk->payload();
  }

  ALLOC8_ALWAYS_INLINE void free(void* p) {
    if (ALLOC8_UNLIKELY(p == nullptr)) return;
    // By its chunk: what is no block may be a segment's first byte, and nothing is in front of that.
    Chunk* chunk = Chunk::ofPayload(p);
    if (ALLOC8_UNLIKELY(!multiarena::segmentMap.has(chunk))) return freeElsewhere(chunk);
    freeIn(Segment::of(chunk), chunk);
  }

  // Clears what was used before: not a fresh mapping, and not what was carved from memory never touched.
  void* calloc(std::size_t count, std::size_t size) {
    const std::size_t wanted = count * size;
    if (wanted > kMostBytes) return nullptr;
    const char* freshFrom = nullptr;
    void* p = fromAny(wanted, multiarena::chunkBytes(wanted), &freshFrom);
    if (p == nullptr) return nullptr;
    const std::ptrdiff_t used = multiarena::distance(p, freshFrom);
    if (used > 0) std::memset(p, 0, static_cast<std::size_t>(used) < wanted ? static_cast<std::size_t>(used) : wanted);
    return p;
  }

  void* memalign(std::size_t alignment, std::size_t size);
  void* realloc(void* p, std::size_t size);

  std::size_t getSize(void* p) {
    Chunk* chunk = Chunk::ofPayload(p);
    if (Segment::owns(chunk)) return chunk->size() - multiarena::kOverhead;
    mapped_.check(chunk, false);
    return multiarena::MappedChunks::usable(chunk);
  }

  void lock() { arenas_.lockAll(); }
  void unlock() { arenas_.unlockAll(); }
  void forkChild() { arenas_.resetLocks(); }

  // All arenas and mappings together; and one arena alone, false where there are not so many.
  HeapStats stats();
  bool arenaStats(std::size_t index, HeapStats* out);
  // Gives memory back to the system but for `keep` bytes at the top of each arena; bytes released.
  std::size_t trim(std::size_t keep);

  // For tests and pictures, which look inside.
  multiarena::ArenaList& arenas() { return arenas_; }
  multiarena::Tunables& tunables() { return tunables_; }
  const multiarena::MappedChunks& mapped() const { return mapped_; }

 private:
  static constexpr std::size_t kMostBytes = PTRDIFF_MAX;

  ALLOC8_ALWAYS_INLINE void freeIn(Segment* segment, Chunk* chunk) {
    Arena* arena = segment->arena;
    arena->lock();
    if (ALLOC8_UNLIKELY(!arena->keep(segment, chunk))) return releaseLocked(arena, segment, chunk);
    arena->unlock();
  }

  void* fromAny(std::size_t size, std::size_t bytes, const char** freshFrom = nullptr);
  void* fromLocked(Arena* arena, std::size_t size, std::size_t bytes, const char** freshFrom = nullptr);
  void* fromElsewhere(Arena* tried, std::size_t size, std::size_t bytes, std::size_t alignment, const char** freshFrom);
  void* fromOthers(Arena* tried, std::size_t size, std::size_t bytes, std::size_t alignment, const char** freshFrom);
  void* fromMapping(std::size_t size, std::size_t alignment, const char** freshFrom);
  static void releaseLocked(Arena* arena, Segment* segment, Chunk* chunk);
  void freeElsewhere(Chunk* chunk);
  static HeapStats statsOf(Arena* arena);

  multiarena::Tunables tunables_;
  multiarena::ArenaList arenas_{&tunables_};
  multiarena::MappedChunks mapped_;
};

}  // namespace alloc8::heaps

#include "heaps/multiarena/multiarena_paths.h"
