// The heap behind the probe: the next definitions of what the probe defines, and what serves while they are looked up.

#pragma once

#include <cstddef>
#include <cstdint>

#include "alloc8/detail/compiler.h"

namespace alloc8::probe {

// libc's allocation functions as the heap has them, or libc where the heap has not.
struct NextHeap {
  void* (*malloc)(std::size_t);
  void* (*calloc)(std::size_t, std::size_t);
  void* (*realloc)(void*, std::size_t);
  void (*free)(void*);
  void* (*reallocarray)(void*, std::size_t, std::size_t);
  void* (*memalign)(std::size_t, std::size_t);
  void* (*aligned_alloc)(std::size_t, std::size_t);
  int (*posix_memalign)(void**, std::size_t, std::size_t);
  void* (*valloc)(std::size_t);
  void* (*pvalloc)(std::size_t);
  std::size_t (*malloc_usable_size)(void*);
  void (*free_sized)(void*, std::size_t);
  void (*free_aligned_sized)(void*, std::size_t, std::size_t);
  // Whether these are the heap's own. Where it lacks one, libc's own gives blocks that are not the heap's.
  bool ownMemalign, ownAlignedAlloc, ownPosixMemalign, ownValloc, ownPvalloc;
  // Whether reallocarray is the heap's own and not libc's, which calls realloc.
  bool ownReallocarray;
  // Set last: all that the heap has is there.
  bool ready;
};

extern NextHeap nextHeap;

// Looks the heap up; false while this very thread, or another, is doing so: then the bootstrap serves. Takes the
// loader's lock, which may allocate.
bool findNextHeap();

inline bool hasNext() { return ALLOC8_LIKELY(__atomic_load_n(&nextHeap.ready, __ATOMIC_ACQUIRE)) || findNextHeap(); }

// Whether a function stands in the same library as the heap's malloc: only then its blocks are the heap's for certain.
bool isOfNextHeap(const void* function);

// Memory for what the loader asks for meanwhile; never given back. Null when it is used up.
void* bootstrapMalloc(std::size_t bytes);
inline constexpr std::size_t kBootstrapBytes = std::size_t{64} << 10;
extern char bootstrapMemory[kBootstrapBytes];
inline bool isBootstrap(const void* block) {
  return ALLOC8_UNLIKELY(reinterpret_cast<std::uintptr_t>(block) - reinterpret_cast<std::uintptr_t>(bootstrapMemory) <
                         kBootstrapBytes);
}
// What was asked for.
std::size_t bootstrapSize(const void* block);

}  // namespace alloc8::probe
