// What all threads share: shards of superblocks that threads left or hardly used, the heaps of all threads, and the
// memory behind them. Locks are taken in this order: a thread heap's guard, a shard's, the list of heaps', memory's.

#pragma once

#include <cstddef>
#include <cstdint>

#include "alloc8/alloc8.h"
#include "heaps/hoard/check.h"
#include "heaps/hoard/heap.h"
#include "heaps/hoard/memory.h"
#include "heaps/hoard/superblock.h"

namespace alloc8::heaps::hoard {

class Global {
 public:
  constexpr Global() = default;

  // A block of the class for the thread whose heap it is, and more of them in its buffer; null without memory.
  void* refill(Heap* heap, std::size_t sizeClass) {
    Busy busy(heap);
    if (ALLOC8_UNLIKELY(!heap->limited)) applyTunables(heap);
    heap->collect([this, heap](Superblock* superblock) { settleHeld(heap, superblock); });
    void* block = heap->refill(sizeClass);
    if (block != nullptr) return block;
    Superblock* superblock = heap->empty();
    if (superblock != nullptr) {
      heap->release(superblock);
      superblock->become(sizeClass);
    } else {
      superblock = fromShards(heap, sizeClass);
      while (superblock == nullptr && inheritOne()) superblock = fromShards(heap, sizeClass);
    }
    if (superblock == nullptr && (superblock = slice()) != nullptr) superblock->become(sizeClass);
    if (superblock == nullptr) return nullptr;
    heap->adopt(superblock);
    block = heap->refill(sizeClass);
    HeapCheck::nowAndThen(heap);
    return block;
  }

  // A block of the heap's came back to a superblock that should be looked at.
  void settle(Heap* heap, Superblock* superblock) {
    Busy busy(heap);
    // Somebody may have taken it since, when the block was the last in use that was not returned.
    if (superblock->owner.load(std::memory_order_relaxed) == heap) settleHeld(heap, superblock);
    HeapCheck::nowAndThen(heap);
  }

  // A thread has freed much that is another's, who has not taken notice for long: what is wholly free is taken from it,
  // so that memory is not held by a thread that sleeps.
  ALLOC8_NOINLINE void help(Heap* heap) {
    if (!heap->guard.tryLock()) return;  // it is awake
    heap->yieldReturned([this](Superblock* superblock) { memory_.give(superblock); });
    heap->guard.unlock();
  }

  void check(Heap* heap) {
    Busy busy(heap);
    HeapCheck::walk(heap);
  }

  // For threads that have no heap any more, or none yet for want of memory.
  void* sharedBlock(std::size_t sizeClass) {
    Heap& shard = shards_[0];
    LockGuard guard(shard.guard);
    collect(shard);
    Superblock* superblock = shard.roomOf(sizeClass);
    if (superblock == nullptr) {
      if ((superblock = memory_.slice()) == nullptr) return nullptr;
      superblock->become(sizeClass);
      shard.adopt(superblock);
    }
    return shard.takeOne(superblock);
  }

  void* large(std::size_t size, std::size_t alignment, bool zero) {
    void* block = memory_.large(size, alignment, zero);
    if (block == nullptr && reclaim()) block = memory_.large(size, alignment, zero);
    if (ALLOC8_UNLIKELY(memory_.grewMuch())) lookForIdle();
    return block;
  }

  Memory& memory() { return memory_; }

  Heap* newHeap() {
    LockGuard guard(heapsLock_);
    Heap* heap = freeHeaps_;
    if (heap != nullptr) {
      freeHeaps_ = heap->nextFree;
    } else {
      if (heapMemory_ == heapMemoryEnd_) {
        heapMemory_ = static_cast<char*>(pages::map(kHeapsBytes, pages::size()));
        if (heapMemory_ == nullptr) return heapMemoryEnd_ = nullptr, nullptr;
        heapMemoryEnd_ = heapMemory_ + kHeapsBytes / sizeof(Heap) * sizeof(Heap);
        heapsBytes_ += kHeapsBytes;
      }
      heap = new (static_cast<void*>(heapMemory_)) Heap;
      heapMemory_ += sizeof(Heap);
      heap->shard = heaps_++ % kShards;
      heap->nextEver = everyHeap_;
      everyHeap_ = heap;
    }
    heap->living = true;
    heap->generation = generation_;
    return heap;
  }

  // The heap's thread has ended. All that it has goes to its shard, or back where nothing is in use.
  void retire(Heap* heap) {
    {
      Busy busy(heap);
      abandon(heap);
    }
    LockGuard guard(heapsLock_);
    heap->living = false;
    heap->nextFree = freeHeaps_;
    freeHeaps_ = heap;
  }

  // In the child of a fork: the heaps of threads that are not here are everybody's from now on. Nothing is touched
  // before it is wanted: most children call exec, and each page that they write is copied.
  void inheritAll(Heap* own) {
    own->generation = ++generation_;
    dead_ = everyHeap_;
  }

  // For a fork by the thread whose heap it is.
  void lock(Heap* own) {
    own->guard.lock();
    for (Heap& shard : shards_) shard.guard.lock();
    heapsLock_.lock();
    memory_.lock();
  }
  void unlock(Heap* own) {
    memory_.unlock();
    heapsLock_.unlock();
    for (Heap& shard : shards_) shard.guard.unlock();
    own->guard.unlock();
  }

  // Empties the buffers of the thread whose heap it is, and gives what is empty back.
  void gather(Heap* heap) {
    Busy busy(heap);
    const auto settled = [this, heap](Superblock* superblock) { settleHeld(heap, superblock); };
    heap->collect(settled);
    heap->flush(settled);
    while (Superblock* superblock = heap->empty()) giveSlice(heap, superblock);
  }

  // What others have given back to shards.
  void collectShards() {
    {
      // What a heap was told of while its thread ended is news for the shards.
      LockGuard guard(heapsLock_);
      for (Heap* heap = freeHeaps_; heap != nullptr; heap = heap->nextFree) heap->collect([](Superblock*) {});
    }
    for (Heap& shard : shards_) {
      LockGuard guard(shard.guard);
      collect(shard);
    }
  }

  // Bytes given back, of the empty superblocks that are left beyond `keep` bytes and of pages in others.
  std::size_t trim(std::size_t keep) {
    while (inheritOne()) {
    }
    helpAll();
    collectShards();
    lookForIdle();
    return memory_.trim(keep);
  }

  HeapStats stats() {
    HeapStats stats = memory_.stats();
    LockGuard guard(heapsLock_);
    stats.systemBytes += heapsBytes_;
    stats.peakSystemBytes += heapsBytes_;
    return stats;
  }

  // The heap of that index: threads' first, then shards.
  ALLOC8_NO_TSAN bool heapStats(std::size_t index, HeapStats* out) {
    LockGuard guard(heapsLock_);
    const Heap* heap = everyHeap_;
    for (; heap != nullptr; heap = heap->nextEver) {
      if (heap->living && index-- == 0) break;
    }
    if (heap == nullptr) {
      if (index >= kShards) return false;
      heap = &shards_[index];
    }
    *out = HeapStats{};
    out->systemBytes = out->peakSystemBytes = static_cast<std::size_t>(heap->heldBytes());
    out->liveBytes = static_cast<std::size_t>(heap->usedBytes());
    return true;
  }

 private:
  static constexpr unsigned kShards = 8;
  static constexpr std::size_t kEmpties = 4;  // superblocks without blocks that a thread keeps
  static constexpr std::size_t kHeapsBytes = std::size_t{32} << 10;

  // Holds a thread heap's guard: against threads that help, and for the child of a fork, which has no use of a heap
  // that somebody was changing. With one thread there is nobody.
  class Busy {
   public:
    explicit Busy(Heap* heap) : heap_(heap), alone_(platform::singleThreaded() && heap->guard.tryLockAlone()) {
      if (!alone_) heap_->guard.lock();
      heap_->settleYielded();
    }
    ~Busy() { alone_ ? heap_->guard.unlockAlone() : heap_->guard.unlock(); }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    Heap* heap_;
    bool alone_;
  };

  // Before there is an environment a heap goes by the defaults.
  void applyTunables(Heap* heap) {
    heap->limited = memory_.tunables().ensure();
    heap->limit(memory_.tunables().heapLimits());
  }

  // Puts a superblock where it belongs, and has superblocks go on that are too many.
  void settleHeld(Heap* heap, Superblock* superblock) {
    heap->settled(superblock);
    if (superblock->used == 0 && superblock->carved != 0 && heap->emptiesBeyond(kEmpties)) giveSlice(heap, superblock);
    while ((superblock = heap->surplus()) != nullptr) {
      if (superblock->used == 0) {
        giveSlice(heap, superblock);
      } else {
        Heap& shard = shards_[heap->shard];
        LockGuard guard(shard.guard);
        heap->release(superblock);
        shard.adopt(superblock);
      }
    }
  }

  // A superblock with room that another thread left behind, out of the shards' hands.
  Superblock* fromShards(Heap* heap, std::size_t sizeClass) {
    for (unsigned i = 0; i < kShards; ++i) {
      Heap& shard = shards_[(heap->shard + i) % kShards];
      if (!shard.notices.any() && (shard.classesWithRoom() >> sizeClass & 1) == 0) continue;
      LockGuard guard(shard.guard);
      collect(shard);
      if (Superblock* superblock = shard.roomOf(sizeClass); superblock != nullptr) {
        shard.release(superblock);
        // Others push and look for the owner, so there is one at any moment.
        superblock->owner.store(heap, std::memory_order_release);
        return superblock;
      }
    }
    return nullptr;
  }

  // A slice without blocks; null without memory. Every so often superblocks that nobody wants for their class give
  // pages back for it.
  Superblock* slice() {
    Superblock* superblock = memory_.slice();
    if (superblock == nullptr && reclaim()) superblock = memory_.slice();
    if (ALLOC8_UNLIKELY(memory_.grewMuch())) lookForIdle();
    return superblock;
  }

  // What others have given back to shards, and pages of sparse superblocks there.
  ALLOC8_NOINLINE void lookForIdle() {
    for (Heap& shard : shards_) {
      LockGuard guard(shard.guard);
      collect(shard);
      shard.hollowOutSparse();
    }
  }

  // The heap of a thread that is not in this child of a fork goes to its shard; false where there is none left. One
  // whose thread was in the midst of changing it is lost. The child sees each thread's writes up to one moment, so a
  // guard that is free tells.
  bool inheritOne() {
    if (ALLOC8_LIKELY(dead_.load(std::memory_order_relaxed) == nullptr)) return false;
    Heap* heap = nullptr;
    {
      LockGuard guard(heapsLock_);
      for (heap = dead_; heap != nullptr; heap = heap->nextEver) {
        if (heap->living && heap->generation != generation_ && heap->guard.tryLock()) break;
      }
      dead_ = heap == nullptr ? nullptr : heap->nextEver;
      if (heap == nullptr) return false;
      heap->generation = generation_;
    }
    heap->guard.unlock();
    retire(heap);
    return true;
  }

  // What others have given back to threads that sleep.
  void helpAll() {
    Heap* heap = nullptr;
    {
      LockGuard guard(heapsLock_);
      heap = everyHeap_;
    }
    for (; heap != nullptr; heap = heap->nextEver) {
      if (heap->notices.any()) help(heap);
    }
  }

  void giveSlice(Heap* heap, Superblock* superblock) {
    heap->release(superblock);
    memory_.give(superblock);
  }

  // Takes back what threads freed into a shard, whose guard is held. What is empty then goes back.
  void collect(Heap& shard) {
    shard.settleYielded();
    shard.collect([this, &shard](Superblock* superblock) {
      shard.settled(superblock);
      if (superblock->used == 0) giveSlice(&shard, superblock);
    });
  }

  // Where the system has no more: everything that nobody uses is given up. False where there was nothing.
  ALLOC8_NOINLINE bool reclaim() {
    while (inheritOne()) {
    }
    helpAll();
    collectShards();
    return memory_.giveUpIdle();
  }

  void abandon(Heap* heap) {
    const auto ignore = [](Superblock* /*superblock*/) {};
    heap->collect(ignore);
    heap->flush(ignore);
    Heap& shard = shards_[heap->shard];
    LockGuard guard(shard.guard);
    while (Superblock* superblock = heap->any()) {
      if (superblock->used == 0) {
        giveSlice(heap, superblock);
      } else {
        heap->release(superblock);
        shard.adopt(superblock);
      }
    }
    // What was freed meanwhile goes after its superblock; what comes later waits for the heap's next thread.
    heap->collect(ignore);
  }

  Heap shards_[kShards];
  Memory memory_;
  Lock heapsLock_;  // of all that stands below
  Heap* freeHeaps_ = nullptr;
  Heap* everyHeap_ = nullptr;
  char* heapMemory_ = nullptr;
  char* heapMemoryEnd_ = nullptr;
  std::atomic<Heap*> dead_{nullptr};  // where to look for heaps of threads that are not in this child
  std::uint32_t generation_ = 0;      // how many forks lie behind
  unsigned heaps_ = 0;
  std::size_t heapsBytes_ = 0;
};

}  // namespace alloc8::heaps::hoard
