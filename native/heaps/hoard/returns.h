// The way home of blocks that another thread frees than the one whose heap has their superblock: onto a stack of the
// superblock's, without a lock. Who pushes first tells the heap, by one more push, and nobody else does until the heap
// has heard of it: one link for each superblock is enough. Who pushes the last that is in use says so too: a superblock
// that is wholly returned can be had by others, if the heap's thread takes no notice.

#pragma once

#include <atomic>
#include <cstdint>

#include "heaps/hoard/superblock.h"

namespace alloc8::heaps::hoard {

// What others have given back to a superblock.
struct Returned {
  Block* first;
  std::uint32_t count;
};

inline constexpr std::uint64_t kReturnedPointer = (std::uint64_t{1} << 48) - 1;

inline Returned returnedTo(std::uint64_t stack) {
  return {reinterpret_cast<Block*>(stack & kReturnedPointer), static_cast<std::uint32_t>(stack >> 48)};
}

// Any thread. How many have been given back with this one.
inline std::uint32_t pushReturned(Superblock* superblock, Block* block) {
  std::uint64_t head = superblock->remote.load(std::memory_order_relaxed);
  std::uint64_t pushed = 0;
  do {
    block->next = returnedTo(head).first;
    pushed = reinterpret_cast<std::uint64_t>(block) | ((head & ~kReturnedPointer) + kReturnedPointer + 1);
  } while (!superblock->remote.compare_exchange_weak(head, pushed, std::memory_order_acq_rel));
  return returnedTo(head).count + 1;
}

// What a heap has been told of.
class Notices {
 public:
  constexpr Notices() = default;

  // Any thread.
  void push(Superblock* superblock) {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    Superblock* head = first_.load(std::memory_order_relaxed);
    do superblock->nextNotice = head;
    while (!first_.compare_exchange_weak(head, superblock, std::memory_order_acq_rel));
  }

  // Any thread: one of them is wholly returned. True where there are as many of those that it is worth to look through
  // all, because the heap's thread seems to sleep.
  bool ripen() {
    const std::uint32_t least = kPatience + waiting_.load(std::memory_order_relaxed) / 8;
    if (ripe_.fetch_add(1, std::memory_order_relaxed) + 1 < least) return false;
    ripe_.store(0, std::memory_order_relaxed);
    return true;
  }

  // All of them, linked by nextNotice.
  Superblock* takeAll() {
    waiting_.store(0, std::memory_order_relaxed);
    ripe_.store(0, std::memory_order_relaxed);
    return first_.exchange(nullptr, std::memory_order_acq_rel);
  }

  bool any() const { return first_.load(std::memory_order_relaxed) != nullptr; }

 private:
  static constexpr std::uint32_t kPatience = 16;  // superblocks, of 64 KiB each

  std::atomic<Superblock*> first_{nullptr};
  std::atomic<std::uint32_t> waiting_{0};
  std::atomic<std::uint32_t> ripe_{0};  // of those, wholly returned
};

}  // namespace alloc8::heaps::hoard
