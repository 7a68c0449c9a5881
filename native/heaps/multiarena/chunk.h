// A chunk: a block with its boundary tags, which let its neighbours be found in both directions without any table. This
// is the layout of Lea's allocator ("A Memory Allocator", 1996), which ptmalloc has kept.
//
//   address        +0               +8               +16                      +size
//   chunk in use:  | (its          | size and flags | what the program holds ... and 8 bytes more |
//   free chunk:    |  neighbour's) | size and flags | next  | previous | ...               | size |
//
// The first word belongs to the chunk in front: while that one is free it holds its size, else its last 8 bytes. So a
// block costs 8 bytes beyond what it holds.

#pragma once

#include <cstddef>
#include <cstdint>

#include "alloc8/detail/compiler.h"

namespace alloc8::heaps::multiarena {

inline constexpr std::size_t kGranule = 16;        // sizes and addresses are multiples of it
inline constexpr std::size_t kHeader = 16;         // from a chunk to what the program holds
inline constexpr std::size_t kOverhead = 8;        // bytes of a chunk in use that the program does not get
inline constexpr std::size_t kSmallestChunk = 32;  // a free chunk needs room for its links and its size

// The low bits of the size word.
inline constexpr std::size_t kPreviousInUse = 1;
inline constexpr std::size_t kMapped = 2;  // a mapping to itself, in no arena
inline constexpr std::size_t kKept = 4;    // in a fast bin: free, but in use as its neighbours see it
inline constexpr std::size_t kFence = 8;   // ends a segment; holds nothing
inline constexpr std::size_t kFlags = 15;

// Neighbours in the list of a bin; `check` of a fast bin's chunk stands where `previous` does.
struct Links {
  Links* next;
  Links* previous;
};

struct Chunk {
  std::size_t previousSize;  // of the chunk in front while that is free; of a mapped chunk its distance to the mapping
  std::size_t sizeAndFlags;

  std::size_t size() const { return sizeAndFlags & ~kFlags; }
  bool previousInUse() const { return (sizeAndFlags & kPreviousInUse) != 0; }
  bool isMapped() const { return (sizeAndFlags & kMapped) != 0; }
  bool isKept() const { return (sizeAndFlags & kKept) != 0; }
  bool isFence() const { return (sizeAndFlags & kFence) != 0; }

  // The chunk so many bytes behind this one, or in front.
  Chunk* behind(std::size_t bytes) { return reinterpret_cast<Chunk*>(reinterpret_cast<char*>(this) + bytes); }
  Chunk* inFront(std::size_t bytes) { return reinterpret_cast<Chunk*>(reinterpret_cast<char*>(this) - bytes); }

  void* payload() { return reinterpret_cast<char*>(this) + kHeader; }
  Links* links() { return static_cast<Links*>(payload()); }

  static Chunk* ofPayload(void* p) { return reinterpret_cast<Chunk*>(static_cast<char*>(p) - kHeader); }
  static Chunk* ofLinks(Links* links) { return ofPayload(links); }
};
static_assert(sizeof(Chunk) == kHeader);

// The size word of what a program says is a chunk: it may be anywhere, off its boundary too, until it has been checked.
inline std::size_t sizeWordAt(const void* chunk) {
  std::size_t word;
  __builtin_memcpy(&word, static_cast<const char*>(chunk) + sizeof(std::size_t), sizeof word);
  return word;
}

// Bytes from `from` to `to`, negative where they stand the other way round.
inline std::ptrdiff_t distance(const void* from, const void* to) {
  return static_cast<std::ptrdiff_t>(reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from));
}

constexpr std::size_t roundUp(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) & ~(multiple - 1);
}

// The size of the chunk for a request of `size` bytes, which is at most PTRDIFF_MAX.
constexpr std::size_t chunkBytes(std::size_t size) {
  const std::size_t bytes = roundUp(size + kOverhead, kGranule);
  return bytes < kSmallestChunk ? kSmallestChunk : bytes;
}

}  // namespace alloc8::heaps::multiarena
