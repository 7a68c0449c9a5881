// Lets chosen allocations fail, to see what a program does then: the nth from now, every nth, or those that would take
// the program above a budget of bytes. What fails is null, as without memory; nothing of the heap below is touched.

#pragma once

#include <atomic>

#include "alloc8/layers/layer.h"

namespace alloc8::layers {

// Which allocations fail; 0 and the largest size stand for none.
struct Faults {
  std::size_t nth = 0;                 // this one, counted from 1
  std::size_t every = 0;               // each of whose count this is a divisor
  std::size_t budgetBytes = SIZE_MAX;  // whatever would bring the usable bytes that the program holds above this
};

template <class Super, Faults kFaults = Faults{}>
class FaultInjection : public Super {
 public:
  constexpr FaultInjection() = default;
  // They would free without being counted.
  void free_sized() = delete;
  void free_aligned_sized() = delete;

  // Replaces the faults and counts from the next allocation on; what is held stays counted.
  void inject(const Faults& faults) {
    nth_.store(faults.nth, std::memory_order_relaxed);
    every_.store(faults.every, std::memory_order_relaxed);
    budget_.store(faults.budgetBytes, std::memory_order_relaxed);
    calls_.store(0, std::memory_order_relaxed);
  }

  // Allocations since then, those included that failed.
  std::size_t calls() const { return calls_.load(std::memory_order_relaxed); }

  void* malloc(std::size_t size) { return fails(size) ? nullptr : held(Super::malloc(size)); }
  void* memalign(std::size_t alignment, std::size_t size) {
    return fails(size) ? nullptr : held(Super::memalign(alignment, size));
  }
  void* calloc(std::size_t count, std::size_t size) requires alloc8::detail::HasCalloc<Super> {
    return fails(count * size) ? nullptr : held(Super::calloc(count, size));
  }
  void* realloc(void* p, std::size_t size) requires detail::HasRealloc<Super> {
    const std::size_t before = Super::getSize(p);
    if (fails(size > before ? size - before : 0)) return nullptr;
    void* moved = Super::realloc(p, size);
    if (moved == nullptr) return nullptr;
    // The old block is gone: what is usable beyond the budget now stays.
    bytes_.fetch_add(Super::getSize(moved) - before, std::memory_order_relaxed);
    return moved;
  }

  void free(void* p) {
    if (p != nullptr) bytes_.fetch_sub(Super::getSize(p), std::memory_order_relaxed);
    Super::free(p);
  }

 private:
  bool fails(std::size_t more) {
    const std::size_t call = calls_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (call == nth_.load(std::memory_order_relaxed)) return true;
    const std::size_t every = every_.load(std::memory_order_relaxed);
    if (every != 0 && call % every == 0) return true;
    return above(more);
  }

  bool above(std::size_t more) const {
    const std::size_t budget = budget_.load(std::memory_order_relaxed);
    const std::size_t bytes = bytes_.load(std::memory_order_relaxed);
    return bytes > budget || more > budget - bytes;
  }

  // Counts a block, or gives it back where it is usable beyond the budget: it may be larger than was asked for, and
  // another thread may have been quicker.
  void* held(void* p) {
    if (p == nullptr) return nullptr;
    const std::size_t size = Super::getSize(p);
    const std::size_t before = bytes_.fetch_add(size, std::memory_order_relaxed);
    const std::size_t budget = budget_.load(std::memory_order_relaxed);
    if (ALLOC8_LIKELY(before <= budget && size <= budget - before)) return p;
    bytes_.fetch_sub(size, std::memory_order_relaxed);
    Super::free(p);
    return nullptr;
  }

  std::atomic<std::size_t> nth_{kFaults.nth};
  std::atomic<std::size_t> every_{kFaults.every};
  std::atomic<std::size_t> budget_{kFaults.budgetBytes};
  std::atomic<std::size_t> calls_{0};
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace alloc8::layers
