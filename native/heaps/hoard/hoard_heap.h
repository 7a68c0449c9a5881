// Hoard: a heap for each thread over a few that all share. A thread keeps superblocks for itself while it uses them;
// what it hardly uses goes to a shared heap, where other threads find it, and what is empty to the regions and at last
// back to the system, so that memory stays within a constant factor of what is in use plus a constant for each thread
// (Berger and others, ASPLOS 2000).

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc8/alloc8.h"
#include "heaps/hoard/global.h"
#include "heaps/hoard/heap.h"
#include "heaps/hoard/superblock.h"

namespace alloc8::heaps {

class HoardHeap {
  using Heap = hoard::Heap;
  using Superblock = hoard::Superblock;
  using Block = hoard::Block;

 public:
  static constexpr bool followsLibcRules = true;
  constexpr HoardHeap() = default;

  ALLOC8_ALWAYS_INLINE void* malloc(std::size_t size) {
    if (ALLOC8_LIKELY(size <= hoard::kTabled)) {
      void* block = heap_->take(hoard::kTable.classes[(size + 15) / 16]);
      if (ALLOC8_LIKELY(block != nullptr)) return checked(block);
    }
    return otherMalloc(size);
  }

  void* calloc(std::size_t count, std::size_t size) {
    const std::size_t bytes = count * size;
    if (bytes > hoard::kMaxSmall) return global_.large(bytes, 16, true);
    void* p = malloc(bytes);
    return p == nullptr ? p : std::memset(p, 0, bytes);
  }

  // Superblocks begin at multiples of 64 KiB, so a class whose blocks are a multiple of the alignment is aligned.
  void* memalign(std::size_t alignment, std::size_t size) {
    if (alignment <= 16) return malloc(size);
    if (size > hoard::kMaxSmall || alignment > hoard::kMaxSmall) return global_.large(size, alignment, false);
    const std::size_t bytes = ((size == 0 ? 1 : size) + alignment - 1) & ~(alignment - 1);
    std::size_t sizeClass = sizeClassOf(bytes);
    while (sizeClassBytes(sizeClass) % alignment != 0) ++sizeClass;
    return smallBlock(sizeClass);
  }

  // The thread's own blocks. False for all others, and for what is no block of this heap.
  ALLOC8_ALWAYS_INLINE bool tryFree(void* p) {
    if (ALLOC8_UNLIKELY(!hoard::RegionMap::has(p))) return false;
    Superblock* superblock = hoard::superblockOf(p);
    Heap* heap = heap_;
    if (ALLOC8_UNLIKELY(superblock->owner.load(std::memory_order_relaxed) != heap)) return false;
    if constexpr (hoard::kChecked) hoard::checkFree(superblock, p);
    if (ALLOC8_UNLIKELY(!heap->put(superblock, p))) settle(heap, superblock);
    return true;
  }

  void free(void* p) {
    if (!tryFree(p)) otherFree(p);
  }

  // A huge block, and a region where addresses are short, does not fill the last of its regions: behind it may be
  // others.
  bool owns(const void* p) const {
    const hoard::Region* region = hoard::Region::of(p);
    if (!hoard::RegionMap::has(p)) return region == p && p != nullptr && hoard::hugeOf(p) != nullptr;
    return reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(region) < region->mappedBytes;
  }

  std::size_t getSize(void* p) {
    if (hoard::Region* huge = hoard::hugeOf(p); huge != nullptr) return hoard::HugeBlocks::usableBytes(huge);
    Superblock* superblock = hoard::superblockOf(p);
    return superblock->kind == hoard::Kind::large ? superblock->slices * hoard::kSliceBytes : superblock->blockBytes;
  }

  // In place where the class stays, or a large block finds room behind it.
  void* realloc(void* p, std::size_t size) {
    hoard::Region* huge = hoard::hugeOf(p);
    Superblock* superblock = hoard::superblockOf(p);
    if (huge == nullptr && superblock->kind == hoard::Kind::small) {
      const std::size_t old = superblock->blockBytes;
      if (size <= old && size >= old / 2) return p;
      // What grows will grow again: half as much more, so that appending does not copy at each step.
      return move(p, old, size, size > old && old >= kGrows && size < old + old / 2 ? old + old / 2 : size);
    }
    if (void* resized = global_.memory().resize(huge, superblock, size); resized != nullptr) return resized;
    const std::size_t old = getSize(p);
    if (size <= old && size > old / 2) return p;
    return move(p, old, size, size > old && size < old + old / 2 ? old + old / 2 : size);
  }

  void threadInit() { life_ = Life::begun; }

  // All that the thread had goes to its shard; blocks that live on are freed into that.
  void threadCleanup() {
    Heap* heap = heap_;
    life_ = Life::ended;
    if (heap == &none_) return;
    heap_ = &none_;
    global_.retire(heap);
  }

  void lock() { global_.lock(heap_); }
  void unlock() { global_.unlock(heap_); }

  // The other threads are not in the child; what they had is everybody's now.
  void forkChild() {
    global_.unlock(heap_);
    global_.inheritAll(heap_);
  }

  // What is handed out is as each superblock's owner has it at this moment; what others gave back and the owner has not
  // taken yet, and what is in other threads' buffers, counts as handed out.
  HeapStats stats() {
    if (heap_ != &none_) global_.gather(heap_);
    global_.collectShards();
    return global_.stats();
  }

  // The threads' heaps, one after the other, and the shards: in each what it holds and of that what is in use.
  bool arenaStats(std::size_t index, HeapStats* out) { return global_.heapStats(index, out); }

  // Gives superblocks that are empty back until at most `keep` bytes of them are left; bytes given back.
  std::size_t trim(std::size_t keep) {
    if (heap_ != &none_) global_.gather(heap_);
    return global_.trim(keep);
  }

  // For tests: ends the process where the calling thread's heap is not as it should be.
  void check() { global_.check(heap_); }

 private:
  static constexpr std::size_t kGrows = 4096;

  ALLOC8_NOINLINE void* otherMalloc(std::size_t size) {
    if (size > hoard::kMaxSmall) return global_.large(size, 16, false);
    return smallBlock(sizeClassOf(size));
  }

  void* smallBlock(std::size_t sizeClass) {
    if (void* block = heap_->take(sizeClass); ALLOC8_LIKELY(block != nullptr)) return checked(block);
    return checked(refill(sizeClass));
  }

  // Nobody has freed it since.
  static ALLOC8_ALWAYS_INLINE void* checked(void* block) {
    if constexpr (hoard::kChecked) hoard::unmarkFreed(block);
    return block;
  }

  ALLOC8_NOINLINE void* refill(std::size_t sizeClass) {
    if (heap_ == &none_) {
      // Of threads that nobody tells us of (libc's for timers) nobody would tell us that they end.
      const bool mayHave = life_ == Life::begun || (life_ == Life::unknown && platform::singleThreaded());
      Heap* heap = mayHave ? global_.newHeap() : nullptr;
      if (heap == nullptr) return global_.sharedBlock(sizeClass);
      heap_ = heap;
    }
    return global_.refill(heap_, sizeClass);
  }

  ALLOC8_NOINLINE void settle(Heap* heap, Superblock* superblock) { global_.settle(heap, superblock); }

  // What is not this thread's: another's block, a large one, null, or none at all.
  ALLOC8_NOINLINE void otherFree(void* p) {
    if (p == nullptr) return;
    if (!hoard::RegionMap::has(p)) {
      hoard::Region* huge = owns(p) ? hoard::hugeOf(p) : nullptr;
      return huge != nullptr ? global_.memory().freeHuge(huge) : hoard::badFree(p);
    }
    Superblock* superblock = hoard::superblockOf(p);
    if (superblock->kind != hoard::Kind::small) return global_.memory().freeLarge(superblock, p);
    if constexpr (hoard::kChecked) hoard::checkFree(superblock, p);
    if (Heap* asleep = Heap::giveBack(superblock, static_cast<Block*>(p)); asleep != nullptr) global_.help(asleep);
  }

  void* move(void* p, std::size_t old, std::size_t size, std::size_t roomy) {
    void* moved = malloc(roomy);
    if (moved == nullptr && roomy != size) moved = malloc(size);
    if (moved == nullptr) return size <= old ? p : nullptr;  // what holds more than is asked for is never a failure
    std::memcpy(moved, p, old < size ? old : size);
    free(p);
    return moved;
  }

  static inline constinit Heap none_{};  // of threads that have none: its buffers are empty
  static inline constinit thread_local ALLOC8_STATIC_TLS Heap* heap_ = &none_;
  enum class Life : std::uint8_t { unknown, begun, ended };
  static inline constinit thread_local ALLOC8_STATIC_TLS Life life_ = Life::unknown;

  hoard::Global global_;
};

}  // namespace alloc8::heaps
