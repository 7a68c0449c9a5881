// Counts what goes through it: calls, blocks and usable bytes that the program holds, and the most it held. The
// counters are atomic, so the layer may stand above or below a lock.

#pragma once

#include <atomic>

#include "alloc8/layers/layer.h"
#include "alloc8/stats.h"

namespace alloc8::layers {

// Counters at one moment. A block counts as live from malloc's return until free is called.
struct Counts {
  std::size_t allocations = 0;  // blocks handed out in all
  std::size_t frees = 0;
  std::size_t failures = 0;  // calls that the heap below answered with null
  std::size_t liveBlocks = 0;
  std::size_t liveBytes = 0;  // usable bytes
  std::size_t peakBytes = 0;  // the most of liveBytes
};

template <class Super>
class Stats : public Super {
 public:
  constexpr Stats() = default;

  void* malloc(std::size_t size) { return added(Super::malloc(size)); }
  void* memalign(std::size_t alignment, std::size_t size) { return added(Super::memalign(alignment, size)); }
  void* calloc(std::size_t count, std::size_t size) requires alloc8::detail::HasCalloc<Super> {
    return added(Super::calloc(count, size));
  }

  void free(void* p) {
    removed(p);
    Super::free(p);
  }
  void free_sized(void* p, std::size_t size) requires alloc8::detail::HasFreeSized<Super> {
    removed(p);
    Super::free_sized(p, size);
  }
  void free_aligned_sized(void* p, std::size_t alignment,
                          std::size_t size) requires alloc8::detail::HasFreeAlignedSized<Super> {
    removed(p);
    Super::free_aligned_sized(p, alignment, size);
  }

  void* realloc(void* p, std::size_t size) requires detail::HasRealloc<Super> {
    // The size is asked for before, because another thread may have the old block's memory afterwards.
    const std::size_t before = p == nullptr ? 0 : Super::getSize(p);
    void* moved = Super::realloc(p, size);
    if (moved == nullptr) {
      failures_.fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    }
    removedBytes(before, p != nullptr);
    return added(moved);
  }

  // What has been counted. Each counter is exact; between them a call of another thread may come.
  Counts counts() const {
    Counts counts;
    counts.frees = frees_.load(std::memory_order_relaxed);
    counts.allocations = allocations_.load(std::memory_order_relaxed);
    counts.failures = failures_.load(std::memory_order_relaxed);
    counts.liveBlocks = counts.allocations > counts.frees ? counts.allocations - counts.frees : 0;
    counts.liveBytes = liveBytes_.load(std::memory_order_relaxed);
    counts.peakBytes = peakBytes_.load(std::memory_order_relaxed);
    return counts;
  }

  // The heap's own account, with what the program holds as it was counted here; without one, that alone.
  HeapStats stats() {
    HeapStats stats;
    if constexpr (alloc8::detail::HasStats<Super>) stats = Super::stats();
    const Counts counted = counts();
    stats.liveBlocks = counted.liveBlocks;
    stats.liveBytes = counted.liveBytes;
    if constexpr (!alloc8::detail::HasStats<Super>) {
      stats.systemBytes = counted.liveBytes;
      stats.peakSystemBytes = counted.peakBytes;
    }
    return stats;
  }

 private:
  void* added(void* p) {
    if (p == nullptr) {
      failures_.fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    }
    const std::size_t size = Super::getSize(p);
    allocations_.fetch_add(1, std::memory_order_relaxed);
    const std::size_t live = liveBytes_.fetch_add(size, std::memory_order_relaxed) + size;
    std::size_t peak = peakBytes_.load(std::memory_order_relaxed);
    while (live > peak && !peakBytes_.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
    }
    return p;
  }

  void removed(void* p) {
    if (p != nullptr) removedBytes(Super::getSize(p), true);
  }

  void removedBytes(std::size_t size, bool block) {
    if (!block) return;
    frees_.fetch_add(1, std::memory_order_relaxed);
    liveBytes_.fetch_sub(size, std::memory_order_relaxed);
  }

  std::atomic<std::size_t> allocations_{0};
  std::atomic<std::size_t> frees_{0};
  std::atomic<std::size_t> failures_{0};
  std::atomic<std::size_t> liveBytes_{0};
  std::atomic<std::size_t> peakBytes_{0};
};

}  // namespace alloc8::layers
