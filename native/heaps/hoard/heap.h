// A heap in Hoard's sense: the superblocks of one thread, or of one shard of what all threads share. Not locked: a
// thread has its heap to itself, and a shard has a lock beside it.

#pragma once

#include <atomic>
#include <cstddef>

#include "heaps/hoard/superblock.h"

namespace alloc8::heaps::hoard {

class Heap {
 public:
  constexpr Heap() = default;

  // The superblock that serves this class now; one that has nothing where there is none yet.
  Superblock* current(std::size_t sizeClass) { return current_[sizeClass]; }

  // Takes a block given back by a thread that does not own the superblock. Any thread.
  static void giveBack(Superblock* superblock, Block* block) {
    Block* head = superblock->remote.load(std::memory_order_relaxed);
    do block->next = head;
    while (!superblock->remote.compare_exchange_weak(head, block, std::memory_order_acq_rel));
    // The first tells the owner. Until the owner has heard of it nobody else does, so one link is enough.
    if (head == nullptr) superblock->owner.load(std::memory_order_acquire)->notice(superblock);
  }

  // Takes back what others freed, and calls whenEmpty(superblock) for each that has nothing in use any more. What has
  // moved to another heap meanwhile is sent after.
  template <class WhenEmpty>
  void collect(WhenEmpty whenEmpty) {
    if (ALLOC8_LIKELY(notices_.load(std::memory_order_relaxed) == nullptr)) return;
    Superblock* superblock = notices_.exchange(nullptr, std::memory_order_acq_rel);
    while (superblock != nullptr) {
      Superblock* next = superblock->nextNotice;
      if (Heap* owner = superblock->owner.load(std::memory_order_acquire); owner != this) {
        owner->notice(superblock);
      } else {
        empty(superblock);
        if (superblock->inUse() == 0) whenEmpty(superblock);
      }
      superblock = next;
    }
  }

  // A superblock with room of this class to go on with; null where this heap has none.
  Superblock* next(std::size_t sizeClass) {
    Superblock* superblock = rooms_[sizeClass];
    if (superblock != nullptr) unlist(superblock);
    return superblock;
  }

  void makeCurrent(Superblock* superblock) {
    Superblock* before = current_[superblock->sizeClass];
    current_[superblock->sizeClass] = superblock;
    if (before != nullptr && before != superblock && before->hasRoom()) list(before);
  }

  // The superblock comes to this heap. Its blocks are counted here from now on.
  void adopt(Superblock* superblock) {
    const std::size_t sizeClass = superblock->sizeClass;
    superblock->nextOfAll = all_[sizeClass];
    superblock->previousOfAll = nullptr;
    if (all_[sizeClass] != nullptr) all_[sizeClass]->previousOfAll = superblock;
    all_[sizeClass] = superblock;
    superblock->owner.store(this, std::memory_order_release);
  }

  void list(Superblock* superblock) {
    if (superblock->listed) return;
    Superblock*& first = rooms_[superblock->sizeClass];
    superblock->next = first;
    superblock->previous = nullptr;
    if (first != nullptr) first->previous = superblock;
    first = superblock;
    superblock->listed = true;
    ++spares_[superblock->sizeClass];
  }

  void unlist(Superblock* superblock) {
    if (!superblock->listed) return;
    (superblock->previous != nullptr ? superblock->previous->next : rooms_[superblock->sizeClass]) = superblock->next;
    if (superblock->next != nullptr) superblock->next->previous = superblock->previous;
    superblock->listed = false;
    --spares_[superblock->sizeClass];
  }

  // The superblock leaves this heap, to be adopted by another or to be empty.
  void release(Superblock* superblock) {
    unlist(superblock);
    const std::size_t sizeClass = superblock->sizeClass;
    if (current_[sizeClass] == superblock) current_[sizeClass] = nullptr;
    (superblock->previousOfAll != nullptr ? superblock->previousOfAll->nextOfAll : all_[sizeClass]) =
        superblock->nextOfAll;
    if (superblock->nextOfAll != nullptr) superblock->nextOfAll->previousOfAll = superblock->previousOfAll;
  }

  // Superblocks of the class that have room and wait.
  std::size_t spares(std::size_t sizeClass) const { return spares_[sizeClass]; }
  Superblock* anyOf(std::size_t sizeClass) { return all_[sizeClass]; }

  Heap* nextFree = nullptr;  // in the list of heaps whose threads have ended
  unsigned shard = 0;

 private:
  void notice(Superblock* superblock) {
    Superblock* head = notices_.load(std::memory_order_relaxed);
    do superblock->nextNotice = head;
    while (!notices_.compare_exchange_weak(head, superblock, std::memory_order_acq_rel));
  }

  void empty(Superblock* superblock) {
    Block* block = superblock->remote.exchange(nullptr, std::memory_order_acq_rel);
    std::uint32_t count = 0;
    while (block != nullptr) {
      Block* next = block->next;
      block->next = superblock->free;
      superblock->free = block;
      block = next;
      ++count;
    }
    superblock->count(superblock->inUse() - count);
    if (current_[superblock->sizeClass] != superblock) list(superblock);
  }

  Superblock* current_[kClasses] = {};
  Superblock* rooms_[kClasses] = {};
  Superblock* all_[kClasses] = {};
  std::size_t spares_[kClasses] = {};
  alignas(64) std::atomic<Superblock*> notices_{nullptr};
};

}  // namespace alloc8::heaps::hoard
