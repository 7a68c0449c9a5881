// Mapped chunks: blocks of the mmap threshold and above that have a mapping to themselves. They come from the system
// zeroed, go back to it at once, and grow by moving page tables instead of bytes.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heaps/multiarena/chunk.h"
#include "heaps/multiarena/corruption.h"
#include "heaps/multiarena/ground.h"
#include "heaps/multiarena/segment.h"
#include "platform/platform.h"

namespace alloc8::heaps::multiarena {

// The mapped chunks that were released last. To look at one once more would end the process without a word: its memory
// is gone.
class ReleasedChunks {
 public:
  constexpr ReleasedChunks() = default;

  void remember(const Chunk* chunk) {
    last_[next_.fetch_add(1, std::memory_order_relaxed) % kCount].store(chunk, std::memory_order_relaxed);
  }
  // The address has a chunk again.
  void forget(const Chunk* chunk) {
    for (auto& one : last_) {
      if (one.load(std::memory_order_relaxed) == chunk) one.store(nullptr, std::memory_order_relaxed);
    }
  }
  bool has(const Chunk* chunk) const {
    for (const auto& one : last_) {
      if (one.load(std::memory_order_relaxed) == chunk) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kCount = 32;

  std::atomic<const Chunk*> last_[kCount] = {};
  std::atomic<std::size_t> next_{0};
};

class MappedChunks {
 public:
  constexpr MappedChunks() = default;

  // A block of `size` bytes at a multiple of `alignment` (a power of two); null when the system has no more.
  Chunk* take(std::size_t size, std::size_t alignment) {
    const std::size_t page = platform::pageSize();
    const std::size_t slack = alignment <= kGranule ? 0 : alignment + page;
    if (size > kMostBytes || slack > kMostBytes) return nullptr;
    const std::size_t wide = roundUp(kHeader + (size == 0 ? 1 : size) + slack, page);
    char* mapping = static_cast<char*>(platform::mapPages(wide, page));
    if (mapping == nullptr) return nullptr;
    char* begin = mapping;
    char* end = mapping + wide;
    auto* block = reinterpret_cast<char*>(roundUp(reinterpret_cast<std::uintptr_t>(mapping) + kHeader, alignment));
    if (slack != 0) {
      // Whole pages around the block go back at once.
      begin = reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(block) - kHeader) & ~(page - 1));
      end = reinterpret_cast<char*>(roundUp(reinterpret_cast<std::uintptr_t>(block) + (size == 0 ? 1 : size), page));
      if (begin != mapping) platform::unmapPages(mapping, static_cast<std::size_t>(begin - mapping));
      if (end != mapping + wide) platform::unmapPages(end, static_cast<std::size_t>(mapping + wide - end));
    }
    Chunk* chunk = Chunk::ofPayload(block);
    chunk->previousSize = static_cast<std::size_t>(distance(begin, chunk));
    chunk->sizeAndFlags = static_cast<std::size_t>(distance(chunk, end)) | kMapped;
    count(1, static_cast<std::size_t>(end - begin), usable(chunk));
    released_.forget(chunk);
    return chunk;
  }

  // The chunk was checked.
  void release(Chunk* chunk) {
    const std::size_t before = chunk->previousSize;
    const std::size_t mapping = before + chunk->size();
    discount(1, mapping, usable(chunk));
    released_.remember(chunk);  // while nobody else can have the address yet
    platform::unmapPages(reinterpret_cast<char*>(chunk) - before, mapping);
  }

  // The chunk with room for `size` bytes, here or elsewhere, its contents kept; null when the system cannot, and then
  // it is as it was.
  Chunk* resize(Chunk* chunk, std::size_t size) {
    check(chunk, false);
    const std::size_t before = chunk->previousSize;
    const std::size_t old = chunk->size();
    if (size > kMostBytes) return nullptr;
    const std::size_t mapping = roundUp(before + kHeader + size, platform::pageSize());
    if (mapping == before + old) return chunk;
    released_.remember(chunk);  // as in release; where it stays it is forgotten again
    char* moved =
        static_cast<char*>(platform::resizePages(reinterpret_cast<char*>(chunk) - before, before + old, mapping));
    if (moved != nullptr) chunk = reinterpret_cast<Chunk*>(moved + before);
    released_.forget(chunk);
    if (moved == nullptr) return nullptr;
    chunk->sizeAndFlags = (mapping - before) | kMapped;
    count(0, mapping, mapping - before - kHeader);
    discount(0, before + old, old - kHeader);
    return chunk;
  }

  static std::size_t usable(const Chunk* chunk) { return chunk->size() - kHeader; }

  // Stops the process where the pointer that leads to this chunk is no mapped block's. `frees` says what for.
  void check(const Chunk* chunk, bool frees) const {
    const std::size_t page = platform::pageSize();
    const auto address = reinterpret_cast<std::uintptr_t>(chunk);
    const char* found = nullptr;
    if (address % kGranule != 0) corrupt("not a block of this heap", chunk, 0, kNoArena);
    // Neither may be there to be read.
    if (released_.has(chunk)) corrupt(frees ? "freed twice" : "used after it was freed", chunk, 0, kNoArena);
    if (Segment::owns(reinterpret_cast<const char*>(chunk) + kHeader)) {
      corrupt("not the start of a block", chunk, 0, kNoArena);
    }
    if ((chunk->sizeAndFlags & kFlags) != kMapped) {
      found = "not a block of this heap";
    } else if (chunk->size() < kSmallestChunk || (address - chunk->previousSize) % page != 0 ||
               (chunk->previousSize + chunk->size()) % page != 0 || chunk->previousSize >= page) {
      found = "the header of a mapped block was overwritten, or not a block of this heap";
    }
    if (ALLOC8_UNLIKELY(found != nullptr)) corrupt(found, chunk, chunk->sizeAndFlags, kNoArena);
  }

  std::size_t blocks() const { return blocks_.load(std::memory_order_relaxed); }
  std::size_t mappedBytes() const { return mappedBytes_.load(std::memory_order_relaxed); }
  std::size_t usableBytes() const { return usableBytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kMostBytes = PTRDIFF_MAX / 4;

  void count(std::size_t blocks, std::size_t mapping, std::size_t usable) {
    blocks_.fetch_add(blocks, std::memory_order_relaxed);
    mappedBytes_.fetch_add(mapping, std::memory_order_relaxed);
    usableBytes_.fetch_add(usable, std::memory_order_relaxed);
    systemBytes.add(mapping);
  }
  void discount(std::size_t blocks, std::size_t mapping, std::size_t usable) {
    blocks_.fetch_sub(blocks, std::memory_order_relaxed);
    mappedBytes_.fetch_sub(mapping, std::memory_order_relaxed);
    usableBytes_.fetch_sub(usable, std::memory_order_relaxed);
    systemBytes.subtract(mapping);
  }

  ReleasedChunks released_;
  std::atomic<std::size_t> blocks_{0};
  std::atomic<std::size_t> mappedBytes_{0};
  std::atomic<std::size_t> usableBytes_{0};
};

}  // namespace alloc8::heaps::multiarena
