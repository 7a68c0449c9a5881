// The fast bins: small chunks that were just freed, a stack for each size. They are not merged with their neighbours,
// which go on seeing them as in use, so that free and malloc of small blocks are a push and a pop. Each says with its
// link what the link must be, so that whoever overwrites a freed block is found out before the link is followed.

#pragma once

#include <cstddef>
#include <cstdint>

#include "heaps/multiarena/chunk.h"
#include "heaps/multiarena/corruption.h"

namespace alloc8::heaps::multiarena {

class FastBins {
 public:
  // Bytes of a chunk. glibc's limit is 128, because in front of its fast bins stands a cache in each thread for chunks
  // of up to 1 KiB; here these do the work of both. All are joined before the arena asks the system for more.
  static constexpr std::size_t kLargest = 1024;

  constexpr FastBins() = default;

  ALLOC8_ALWAYS_INLINE void push(Chunk* chunk, std::size_t bytes) {
    Links* top = heads_[bytes / kGranule];
    *chunk->links() = {top, proof(chunk, top)};
    bytes_ += bytes;
    chunk->sizeAndFlags |= kKept;
    heads_[bytes / kGranule] = chunk->links();
  }

  // The newest chunk of exactly `bytes`, null when there is none.
  ALLOC8_ALWAYS_INLINE Chunk* pop(std::size_t bytes, std::size_t arena) {
    Links* links = heads_[bytes / kGranule];
    if (links == nullptr) return nullptr;
    Chunk* chunk = Chunk::ofLinks(links);
    const std::size_t word = chunk->sizeAndFlags;
    if (ALLOC8_UNLIKELY((word & ~kPreviousInUse) != (bytes | kKept) || links->previous != proof(chunk, links->next))) {
      damaged(chunk, bytes, arena);
    }
    heads_[bytes / kGranule] = links->next;
    bytes_ -= bytes;
    chunk->sizeAndFlags = word & ~kKept;
    return chunk;
  }

  // What all of them hold.
  std::size_t bytes() const { return bytes_; }
  bool any() const { return bytes_ != 0; }
  std::size_t count() const {
    std::size_t chunks = 0;
    for (std::size_t bytes = kSmallestChunk; bytes <= kLargest; bytes += kGranule) {
      for (const Links* links = head(bytes); links != nullptr && intact(links, bytes); links = links->next) ++chunks;
    }
    return chunks;
  }

  // The first of a size's list, for whoever looks at all of them; each leads to the next.
  const Links* head(std::size_t bytes) const { return heads_[bytes / kGranule]; }
  // Whether a chunk of a list is as it was put there.
  static bool intact(const Links* links, std::size_t bytes) {
    Chunk* chunk = Chunk::ofLinks(const_cast<Links*>(links));
    return (chunk->sizeAndFlags & ~kPreviousInUse) == (bytes | kKept) && links->previous == proof(chunk, links->next);
  }

 private:
  static Links* proof(const Chunk* chunk, const Links* next) {
    return reinterpret_cast<Links*>(
        ~(reinterpret_cast<std::uintptr_t>(chunk) ^ reinterpret_cast<std::uintptr_t>(next)));
  }

  [[noreturn]] ALLOC8_NOINLINE static void damaged(Chunk* chunk, std::size_t bytes, std::size_t arena) {
    const bool size = (chunk->sizeAndFlags & ~kPreviousInUse) != (bytes | kKept);
    corrupt(size ? "the size of a freed block was overwritten" : "the links of a freed block were overwritten", chunk,
            chunk->sizeAndFlags, arena);
  }

  Links* heads_[kLargest / kGranule + 1] = {};
  std::size_t bytes_ = 0;
};

}  // namespace alloc8::heaps::multiarena
