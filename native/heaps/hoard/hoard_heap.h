// Hoard: a heap for each thread over a few that all share. A thread keeps superblocks for itself while it uses them;
// what it hardly uses goes to a shared heap, where other threads find it, and what is empty to a pool and at last back
// to the system, so that memory stays within a constant factor of what is in use plus a constant for each thread
// (Berger and others, ASPLOS 2000).

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc8/alloc8.h"
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
    if (ALLOC8_LIKELY(size <= hoard::kMaxSmall && heap_ != nullptr)) {
      const std::size_t sizeClass = sizeClassOf(size);
      if (Superblock* superblock = heap_->current(sizeClass); ALLOC8_LIKELY(superblock != nullptr)) {
        if (void* block = superblock->take(); ALLOC8_LIKELY(block != nullptr)) return block;
      }
    }
    return slowMalloc(size);
  }

  void* calloc(std::size_t count, std::size_t size) {
    void* p = malloc(count * size);
    // A mapping is zeroed.
    return p == nullptr || count * size > hoard::kMaxSmall ? p : std::memset(p, 0, count * size);
  }

  // Small ones are a part of a larger block, which is found by division.
  void* memalign(std::size_t alignment, std::size_t size) {
    if (alignment > hoard::kMaxSmall || size > hoard::kMaxSmall - alignment) return largeBlock(alignment, size);
    void* block = malloc(size + alignment - 1);
    return reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(block) + alignment - 1) & ~(alignment - 1));
  }

  ALLOC8_ALWAYS_INLINE void free(void* p) {
    if (ALLOC8_UNLIKELY(p == nullptr)) return;
    Superblock* superblock = Superblock::of(p);
    if (ALLOC8_LIKELY(superblock->owner.load(std::memory_order_relaxed) == heap_ && heap_ != nullptr)) {
      auto* block = static_cast<Block*>(superblock->blockAt(p));
      block->next = superblock->free;
      superblock->free = block;
      const std::uint32_t used = superblock->inUse() - 1;
      superblock->count(used);
      if (ALLOC8_UNLIKELY(used <= superblock->few || !superblock->listed)) freed(superblock);
      return;
    }
    slowFree(superblock, p);
  }

  std::size_t getSize(void* p) {
    Superblock* superblock = Superblock::of(p);
    if (superblock->mappedBytes != 0) {
      return superblock->mappedBytes - static_cast<std::size_t>(static_cast<char*>(p) - superblock->mapping);
    }
    return static_cast<std::size_t>(static_cast<char*>(superblock->blockAt(p)) + superblock->blockBytes -
                                    static_cast<char*>(p));
  }

  void threadInit() { ended_ = false; }

  // All that the thread had goes to its shard; blocks that live on are freed into that.
  void threadCleanup() {
    Heap* heap = heap_;
    ended_ = true;
    if (heap == nullptr) return;
    heap_ = nullptr;
    heap->collect(keep);
    Shard& shard = shards_[heap->shard];
    LockGuard guard(shard.lock);
    for (std::size_t sizeClass = 0; sizeClass < hoard::kClasses; ++sizeClass) {
      while (Superblock* superblock = heap->anyOf(sizeClass)) {
        heap->release(superblock);
        settle(shard, superblock);
      }
    }
    // What was freed meanwhile goes after its superblock; what comes later waits for the heap's next thread.
    heap->collect(keep);
    LockGuard pool(lock_);
    heap->nextFree = freeHeaps_;
    freeHeaps_ = heap;
  }

  void lock() {
    for (Shard& shard : shards_) shard.lock.lock();
    lock_.lock();
  }
  void unlock() {
    lock_.unlock();
    for (Shard& shard : shards_) shard.lock.unlock();
  }

  // What is handed out is as each superblock's owner has it at this moment; what others gave back and the owner has not
  // taken yet counts as handed out.
  HeapStats stats() {
    if (heap_ != nullptr) heap_->collect(keep);
    reclaim();
    LockGuard guard(lock_);
    HeapStats stats;
    stats.systemBytes = systemBytes_;
    stats.peakSystemBytes = peakBytes_;
    stats.largeBlocks = stats.liveBlocks = largeBlocks_;
    stats.largeBytes = largeBytes_;
    stats.largeLiveBytes = stats.liveBytes = largeLiveBytes_;
    for (const Superblock* each = ever_; each != nullptr; each = each->nextEver) {
      if (each->magic != hoard::kMagic) continue;  // it waits in the pool
      stats.liveBlocks += each->inUse();
      stats.liveBytes += std::size_t{each->inUse()} * each->blockBytes;
      const std::size_t touched = each->touched();
      if (touched > each->inUse()) stats.freeBlocks += touched - each->inUse();
    }
    stats.releasableBytes = pooled_ * hoard::kSuperblockBytes;
    return stats;
  }

  // Gives superblocks that are empty back until at most `keep` bytes of them are left; bytes given back.
  std::size_t trim(std::size_t keep) {
    reclaim();
    LockGuard guard(lock_);
    return shrink(keep);
  }

 private:
  static constexpr unsigned kShards = 8;
  static constexpr std::size_t kSpares = 2;   // with room that a thread keeps in each class, used or not
  static constexpr std::size_t kPooled = 16;  // empty ones whose pages stay
  static constexpr std::size_t kManyLarge = std::size_t{1} << 13;
  static constexpr std::size_t kRegion = 16;  // superblocks that are mapped at a time

  // What threads share; those of one shard meet at its lock.
  struct Shard {
    Lock lock;
    Heap heap;
  };

  ALLOC8_NOINLINE void* slowMalloc(std::size_t size) {
    if (size > hoard::kMaxSmall) return largeBlock(16, size);
    const std::size_t sizeClass = sizeClassOf(size);
    if (heap_ == nullptr && (ended_ || (heap_ = newHeap()) == nullptr)) return sharedBlock(sizeClass);
    Heap* heap = heap_;
    heap->collect(keep);
    if (Superblock* current = heap->current(sizeClass); current != nullptr) {
      if (void* block = current->take(); block != nullptr) return block;
    }
    Superblock* superblock = heap->next(sizeClass);
    if (superblock == nullptr) superblock = fromShard(heap->shard, sizeClass);
    if (superblock == nullptr) {
      superblock = emptySuperblock();
      if (superblock == nullptr && reclaim()) superblock = emptySuperblock();
      if (superblock == nullptr) return nullptr;
      superblock->become(sizeClass);
    }
    if (superblock->owner.load(std::memory_order_relaxed) != heap) heap->adopt(superblock);
    heap->makeCurrent(superblock);
    return superblock->take();
  }

  // For threads that have no heap any more, or none yet for want of memory.
  void* sharedBlock(std::size_t sizeClass) {
    Shard& shard = shards_[0];
    LockGuard guard(shard.lock);
    collect(shard);
    Superblock* superblock = shard.heap.next(sizeClass);
    if (superblock == nullptr) {
      if ((superblock = emptySuperblock()) == nullptr) return nullptr;
      superblock->become(sizeClass);
      shard.heap.adopt(superblock);
    }
    void* block = superblock->take();
    if (superblock->hasRoom()) shard.heap.list(superblock);
    return block;
  }

  // A superblock with room that another thread left behind.
  Superblock* fromShard(unsigned index, std::size_t sizeClass) {
    Shard& shard = shards_[index];
    LockGuard guard(shard.lock);
    collect(shard);
    Superblock* superblock = shard.heap.next(sizeClass);
    if (superblock == nullptr) return nullptr;
    shard.heap.release(superblock);
    // Nobody's until the thread adopts it; others push and look for the owner, which must be there.
    heap_->adopt(superblock);
    return superblock;
  }

  // A block of this thread's came back, and its superblock was full or has few in use.
  ALLOC8_NOINLINE void freed(Superblock* superblock) {
    Heap* heap = heap_;
    if (heap->current(superblock->sizeClass) == superblock) return;
    heap->list(superblock);
    if (superblock->inUse() > superblock->few || heap->spares(superblock->sizeClass) <= kSpares) return;
    heap->release(superblock);
    Shard& shard = shards_[heap->shard];
    LockGuard guard(shard.lock);
    settle(shard, superblock);
  }

  // What a thread's heap does with a superblock that is empty: it will want it again.
  static void keep(Superblock* /*superblock*/) {}

  // Takes back what threads freed into a shard, whose lock is held. What is empty then goes to the pool.
  void collect(Shard& shard) {
    shard.heap.collect([this, &shard](Superblock* superblock) {
      shard.heap.release(superblock);
      pool(superblock);
    });
  }

  // Where the system has no more: everything that nobody uses is given up. False where there was nothing.
  ALLOC8_NOINLINE bool reclaim() {
    for (Shard& shard : shards_) {
      LockGuard guard(shard.lock);
      collect(shard);
    }
    LockGuard guard(lock_);
    return pooled_ != 0;
  }

  // The shard's lock is held.
  void settle(Shard& shard, Superblock* superblock) {
    if (superblock->inUse() == 0) return pool(superblock);
    shard.heap.adopt(superblock);
    if (superblock->hasRoom()) shard.heap.list(superblock);
  }

  ALLOC8_NOINLINE void slowFree(Superblock* superblock, void* p) {
    if (ALLOC8_UNLIKELY(superblock->magic != hoard::kMagic)) fatal("hoard: this is no block", p);
    if (superblock->mappedBytes != 0) {
      LockGuard guard(lock_);
      const std::size_t bytes = superblock->mappedBytes;
      --largeBlocks_;
      largeBytes_ -= bytes;
      largeLiveBytes_ -= bytes - static_cast<std::size_t>(static_cast<char*>(p) - superblock->mapping);
      systemBytes_ -= bytes;
      return pages::unmap(superblock->mapping, bytes);
    }
    Heap::giveBack(superblock, static_cast<Block*>(superblock->blockAt(p)));
  }

  ALLOC8_NOINLINE void* largeBlock(std::size_t alignment, std::size_t size) {
    if (size > PTRDIFF_MAX / 2 || alignment > PTRDIFF_MAX / 2) return nullptr;
    void* block = mapBlock(alignment, size);
    return block == nullptr && reclaim() ? mapBlock(alignment, size) : block;
  }

  void* mapBlock(std::size_t alignment, std::size_t size) {
    // The header stands where masking leads to: at the beginning of the mapping, or a superblock in front of a block
    // that is at a multiple of that itself.
    const bool wide = alignment >= hoard::kSuperblockBytes;
    const std::size_t front = wide ? alignment : (hoard::kHeaderBytes + alignment - 1) & ~(alignment - 1);
    const std::size_t page = pages::size();
    LockGuard guard(lock_);
    // Many take whole superblocks of addresses: then neighbours touch and count as one mapping, of which the kernel
    // allows only so many.
    const std::size_t unit = largeBlocks_ < kManyLarge ? page : hoard::kSuperblockBytes;
    const std::size_t bytes = (front + (size == 0 ? 1 : size) + unit - 1) / unit * unit;
    char* mapping = fromSystem(bytes, wide ? alignment : hoard::kSuperblockBytes);
    if (mapping == nullptr) return nullptr;
    char* block = mapping + front;
    auto* header = new (wide ? block - hoard::kSuperblockBytes : mapping) Superblock;
    header->magic = hoard::kMagic;
    header->mappedBytes = bytes;
    header->mapping = mapping;
    ++largeBlocks_;
    largeBytes_ += bytes;
    largeLiveBytes_ += bytes - static_cast<std::size_t>(block - mapping);
    return block;
  }

  // Where there is no more, what waits in the pool is given up for it.
  char* fromSystem(std::size_t bytes, std::size_t alignment) {
    auto* memory = static_cast<char*>(pages::map(bytes, alignment));
    if (memory == nullptr && shrink(0) != 0) memory = static_cast<char*>(pages::map(bytes, alignment));
    if (memory == nullptr) return nullptr;
    systemBytes_ += bytes;
    if (systemBytes_ > peakBytes_) peakBytes_ = systemBytes_;
    return memory;
  }

  std::size_t shrink(std::size_t keep) {
    std::size_t released = 0;
    while (pooled_ * hoard::kSuperblockBytes > keep) {
      Superblock* superblock = pool_;
      pool_ = superblock->next;
      --pooled_;
      (superblock->previousEver != nullptr ? superblock->previousEver->nextEver : ever_) = superblock->nextEver;
      if (superblock->nextEver != nullptr) superblock->nextEver->previousEver = superblock->previousEver;
      pages::unmap(superblock, hoard::kSuperblockBytes);
      systemBytes_ -= hoard::kSuperblockBytes;
      released += hoard::kSuperblockBytes;
    }
    return released;
  }

  Heap* newHeap() {
    LockGuard guard(lock_);
    Heap* heap = freeHeaps_;
    if (heap != nullptr) {
      freeHeaps_ = heap->nextFree;
      return heap;
    }
    auto* memory = pages::map(sizeof(Heap), pages::size());
    if (memory == nullptr) return nullptr;
    heap = new (memory) Heap;
    heap->shard = heaps_++ % kShards;
    return heap;
  }

  // One that has no blocks; null without memory.
  Superblock* emptySuperblock() {
    LockGuard guard(lock_);
    if (Superblock* superblock = pool_; superblock != nullptr) {
      pool_ = superblock->next;
      --pooled_;
      return superblock;
    }
    if (region_ == regionEnd_) {
      std::size_t bytes = kRegion * hoard::kSuperblockBytes;
      region_ = static_cast<char*>(pages::map(bytes, hoard::kSuperblockBytes));
      if (region_ != nullptr) {
        systemBytes_ += bytes;
        if (systemBytes_ > peakBytes_) peakBytes_ = systemBytes_;
      } else {
        bytes = hoard::kSuperblockBytes;
        region_ = fromSystem(bytes, bytes);
      }
      if (region_ == nullptr) return regionEnd_ = nullptr, nullptr;
      regionEnd_ = region_ + bytes;
    }
    auto* superblock = new (static_cast<void*>(region_)) Superblock;
    region_ += hoard::kSuperblockBytes;
    superblock->nextEver = ever_;
    if (ever_ != nullptr) ever_->previousEver = superblock;
    ever_ = superblock;
    return superblock;
  }

  void pool(Superblock* superblock) {
    LockGuard guard(lock_);
    // Its header is wanted again; the rest costs nothing until then.
    if (pooled_ >= kPooled) {
      pages::purge(reinterpret_cast<char*>(superblock) + pages::size(), hoard::kSuperblockBytes - pages::size());
    }
    superblock->magic = 0;
    superblock->owner.store(nullptr, std::memory_order_relaxed);
    superblock->next = pool_;
    pool_ = superblock;
    ++pooled_;
  }

  static inline constinit thread_local ALLOC8_STATIC_TLS Heap* heap_ = nullptr;
  static inline constinit thread_local ALLOC8_STATIC_TLS bool ended_ = false;

  Shard shards_[kShards];
  Lock lock_;  // of all that stands below; taken after a shard's
  Heap* freeHeaps_ = nullptr;
  unsigned heaps_ = 0;
  Superblock* pool_ = nullptr;
  std::size_t pooled_ = 0;
  char* region_ = nullptr;
  char* regionEnd_ = nullptr;
  Superblock* ever_ = nullptr;
  std::size_t systemBytes_ = 0;
  std::size_t peakBytes_ = 0;
  std::size_t largeBlocks_ = 0;
  std::size_t largeBytes_ = 0;
  std::size_t largeLiveBytes_ = 0;
};

}  // namespace alloc8::heaps
