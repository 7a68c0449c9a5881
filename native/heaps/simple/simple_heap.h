// The simple heap: size classes over spans of pages, one lock, true statistics. The one to read first.
//
// A span is 256 KiB at a multiple of 256 KiB, so that a block's span is found by masking its address. A span of small
// blocks holds one size class; its header keeps a free list and counts the blocks never touched. A block above 32 KiB
// has a mapping to itself with the same header in front.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc8/alloc8.h"
#include "alloc8/size_classes.h"
#include "base/list.h"
#include "heaps/stats_counter.h"

namespace alloc8::heaps {

class SimpleHeap {
 public:
  static constexpr bool followsLibcRules = true;
  constexpr SimpleHeap() = default;

  void* malloc(std::size_t size) {
    LockGuard guard(lock_);
    return size <= kMaxSmall ? smallBlock(sizeClassOf(size)) : largeBlock(size, kHeader);
  }

  // A large block is a fresh mapping, which the kernel has zeroed.
  void* calloc(std::size_t count, std::size_t size) {
    void* p = malloc(count * size);
    return p == nullptr || count * size > kMaxSmall ? p : std::memset(p, 0, count * size);
  }

  // A small block with room for the way to the next multiple: `free` and `getSize` take pointers into a block.
  void* memalign(std::size_t alignment, std::size_t size) {
    LockGuard guard(lock_);
    if (alignment >= kMaxSmall || size > kMaxSmall - alignment) {
      return largeBlock(size, alignment < kHeader ? kHeader : alignment);
    }
    void* block = smallBlock(sizeClassOf(size + alignment - 1));
    return reinterpret_cast<void*>(roundUp(reinterpret_cast<std::uintptr_t>(block), alignment));
  }

  void free(void* p) {
    if (p == nullptr) return;
    Span* span = spanOf(p);
    LockGuard guard(lock_);
    if (span->mappedBytes != 0) return unmapLarge(span);
    count_.takenBack(span->blockBytes);
    count_.kept(1);
    const std::size_t sizeClass = sizeClassOf(span->blockBytes);
    if (span->live == span->capacity) partial_[sizeClass].push(span);
    auto* block = reinterpret_cast<Block*>(blockOf(span, p));
    block->next = span->freeList;
    span->freeList = block;
    // The last span of a class stays, so that a program at the edge of one does not map and purge for ever.
    if (--span->live == 0 && !partial_[sizeClass].isOnly(span)) retire(span, sizeClass);
  }

  std::size_t getSize(void* p) {
    Span* span = spanOf(p);
    return static_cast<std::size_t>(blockOf(span, p) + span->blockBytes - static_cast<char*>(p));
  }

  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

  HeapStats stats() {
    LockGuard guard(lock_);
    return count_.stats();
  }

  // Unmaps spans that hold no block until at most `keep` bytes of them are left; bytes given back.
  std::size_t trim(std::size_t keep) {
    LockGuard guard(lock_);
    std::size_t released = 0;
    for (; count_.stats().releasableBytes > keep; released += kSpanBytes) {
      pages::unmap(empty_.pop(), kSpanBytes);
      count_.reclaimed(kSpanBytes);
      count_.unmapped(kSpanBytes);
    }
    return released;
  }

 private:
  static constexpr std::size_t kSpanBytes = std::size_t{256} << 10;
  static constexpr std::size_t kMaxSmall = std::size_t{32} << 10;
  static constexpr std::size_t kHeader = 128;
  static constexpr std::size_t kManyLarge = std::size_t{1} << 13;
  static constexpr std::uint64_t kMagic = 0x656c'706d'6973'6138;

  struct Block {
    Block* next;
  };

  struct Span {
    std::uint64_t magic;
    Span* next;
    Span* previous;
    Block* freeList;
    char* first;             // where its first block starts
    std::size_t blockBytes;  // usable bytes of each block
    std::uint32_t capacity;
    std::uint32_t touched;  // blocks handed out at least once; the pages of the rest cost nothing yet
    std::uint32_t live;
    char* mapping;  // of a large block, else null and 0
    std::size_t mappedBytes;
  };
  static_assert(sizeof(Span) <= kHeader);

  static constexpr std::size_t roundUp(std::size_t value, std::size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }

  // A large block at a multiple of the span size has its header right in front; all others find it by masking.
  static Span* spanOf(void* p) {
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    const std::uintptr_t offset = address % kSpanBytes;
    auto* span = reinterpret_cast<Span*>(address - (offset == 0 ? kHeader : offset));
    if (ALLOC8_UNLIKELY(span->magic != kMagic)) fatal("not a block of the simple heap", p);
    return span;
  }

  // Where the block starts that p points into.
  static char* blockOf(Span* span, void* p) {
    const auto offset = static_cast<std::size_t>(static_cast<char*>(p) - span->first);
    return span->first + offset / span->blockBytes * span->blockBytes;
  }

  void* smallBlock(std::size_t sizeClass) {
    Span* span = partial_[sizeClass].front();
    if (span == nullptr && (span = newSpan(sizeClass)) == nullptr) return nullptr;
    void* block = span->freeList;
    if (block != nullptr) {
      span->freeList = span->freeList->next;
      count_.unkept(1);
    } else {
      block = span->first + span->touched++ * span->blockBytes;
    }
    if (++span->live == span->capacity) partial_[sizeClass].remove(span);
    count_.handedOut(span->blockBytes);
    return block;
  }

  ALLOC8_NOINLINE Span* newSpan(std::size_t sizeClass) {
    Span* span = empty_.pop();
    if (span != nullptr) {
      count_.reclaimed(kSpanBytes);
    } else {
      span = static_cast<Span*>(pages::map(kSpanBytes, kSpanBytes));
      if (span == nullptr) return nullptr;
      count_.mapped(kSpanBytes);
    }
    const std::size_t bytes = sizeClassBytes(sizeClass);
    const auto capacity = static_cast<std::uint32_t>((kSpanBytes - kHeader) / bytes);
    *span = {kMagic, nullptr, nullptr, nullptr, reinterpret_cast<char*>(span) + kHeader, bytes, capacity};
    partial_[sizeClass].push(span);
    return span;
  }

  // The first page keeps its contents, because the header is in it.
  ALLOC8_NOINLINE void retire(Span* span, std::size_t sizeClass) {
    partial_[sizeClass].remove(span);
    count_.unkept(span->touched);
    count_.releasable(kSpanBytes);
    span->magic = 0;
    pages::purge(reinterpret_cast<char*>(span) + pages::size(), kSpanBytes - pages::size());
    empty_.push(span);
  }

  ALLOC8_NOINLINE void* largeBlock(std::size_t size, std::size_t alignment) {
    if (size > PTRDIFF_MAX / 2 || alignment > PTRDIFF_MAX / 2) return nullptr;
    // An empty block has a byte too: without one it would start where its mapping ends.
    const std::size_t bytes = roundUp(alignment + (size == 0 ? 1 : size), pages::size());
    // Many take whole spans of addresses: then neighbours touch and count as one, and the kernel allows only so many.
    const std::size_t mapped = count_.stats().largeBlocks < kManyLarge ? bytes : roundUp(bytes, kSpanBytes);
    char* mapping = static_cast<char*>(pages::map(mapped, alignment > kSpanBytes ? alignment : kSpanBytes));
    if (mapping == nullptr) return nullptr;
    char* block = mapping + alignment;
    auto* span = reinterpret_cast<Span*>(alignment % kSpanBytes == 0 ? block - kHeader : mapping);
    *span = {kMagic, nullptr, nullptr, nullptr, block, bytes - alignment, 1, 1, 1, mapping, mapped};
    count_.handedOutLarge(span->blockBytes, mapped);
    return block;
  }

  ALLOC8_NOINLINE void unmapLarge(Span* span) {
    count_.takenBackLarge(span->blockBytes, span->mappedBytes);
    pages::unmap(span->mapping, span->mappedBytes);
  }

  Lock lock_;
  base::List<Span> partial_[sizeClassOf(kMaxSmall) + 1];  // spans with room, by class
  base::List<Span> empty_;                                // spans of no class, their pages purged
  StatsCounter count_;
};

}  // namespace alloc8::heaps
