// Keeps freed blocks for a while, filled with a pattern, before the heap below may hand them out again: a write into
// one is found when it leaves, a second free while it is there, and what reads one reads the pattern. First in, first
// out, by bytes and by number.

#pragma once

#include <cstring>

#include "alloc8/layers/layer.h"
#include "alloc8/lock.h"
#include "alloc8/pages.h"

namespace alloc8::layers {

template <class Super, std::size_t kMostBytes = std::size_t{4} << 20, std::size_t kMostBlocks = 4096>
class Quarantine : public Super {
 public:
  constexpr Quarantine() = default;
  // They free without coming through here.
  void realloc() = delete;
  void free_sized() = delete;
  void free_aligned_sized() = delete;

  // Where the heap below has no more, what waits is given up for it.
  void* malloc(std::size_t size) {
    void* p = Super::malloc(size);
    return p != nullptr || !empty() ? p : Super::malloc(size);
  }
  void* memalign(std::size_t alignment, std::size_t size) {
    void* p = Super::memalign(alignment, size);
    return p != nullptr || !empty() ? p : Super::memalign(alignment, size);
  }
  void* calloc(std::size_t count, std::size_t size) requires alloc8::detail::HasCalloc<Super> {
    void* p = Super::calloc(count, size);
    return p != nullptr || !empty() ? p : Super::calloc(count, size);
  }

  void free(void* p) {
    if (p == nullptr) return;
    const std::size_t size = Super::getSize(p);
    // One that would drive out most of the others is not kept.
    if (size > kMostBytes / 4) return Super::free(p);
    if (ALLOC8_UNLIKELY(looksFreed(p, size))) refuseSecondFree(p);
    std::memset(p, kPattern, size);
    Kept leaving[kLeavingAtOnce];
    unsigned count;
    do {
      count = 0;
      {
        LockGuard guard(lock_);
        while (count < kLeavingAtOnce && blocks_ > 0 && (bytes_ + size > kMostBytes || blocks_ == kMostBlocks)) {
          leaving[count++] = taken();
        }
        if (count < kLeavingAtOnce) keep({p, size});
      }
      for (unsigned i = 0; i < count; ++i) release(leaving[i]);
    } while (count == kLeavingAtOnce);
  }

  // Gives all blocks that wait back; false when there were none.
  bool empty() {
    bool any = false;
    for (;;) {
      Kept leaving;
      {
        LockGuard guard(lock_);
        if (blocks_ == 0) return any;
        leaving = taken();
      }
      release(leaving);
      any = true;
    }
  }

  // Blocks that wait.
  std::size_t kept() {
    LockGuard guard(lock_);
    return blocks_;
  }

  void lock() {
    lock_.lock();
    Super::lock();
  }
  void unlock() {
    Super::unlock();
    lock_.unlock();
  }
  void forkChild() requires alloc8::detail::HasForkChild<Super> {
    Super::forkChild();
    lock_.unlock();
  }

 private:
  struct Kept {
    void* block;
    std::size_t size;
  };
  static constexpr unsigned char kPattern = 0xdb;
  static constexpr unsigned kLeavingAtOnce = 8;
  static constexpr std::size_t kLooked = 16;

  static bool looksFreed(const void* p, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(p);
    for (std::size_t i = 0; i < kLooked && i < size; ++i) {
      if (bytes[i] != kPattern) return false;
    }
    return true;
  }

  // A program's own block may look like that, too.
  ALLOC8_NOINLINE void refuseSecondFree(void* p) {
    LockGuard guard(lock_);
    for (std::size_t i = 0; i < blocks_; ++i) {
      if (ring_[(first_ + i) % kMostBlocks].block == p) fatal("quarantine: this block was freed before", p);
    }
  }

  void keep(const Kept& kept) {
    ring_[(first_ + blocks_) % kMostBlocks] = kept;
    ++blocks_;
    bytes_ += kept.size;
  }

  Kept taken() {
    const Kept kept = ring_[first_];
    first_ = (first_ + 1) % kMostBlocks;
    --blocks_;
    bytes_ -= kept.size;
    return kept;
  }

  void release(const Kept& kept) {
    const auto* bytes = static_cast<const unsigned char*>(kept.block);
    for (std::size_t i = 0; i < kept.size; ++i) {
      if (ALLOC8_UNLIKELY(bytes[i] != kPattern)) fatal("quarantine: written after it was freed", kept.block);
    }
    Super::free(kept.block);
  }

  Lock lock_;
  Kept ring_[kMostBlocks] = {};
  std::size_t first_ = 0;
  std::size_t blocks_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace alloc8::layers
