// A lock for heaps: constant-initialised, four bytes, and usable where a std::mutex is not (before main, and unlocked
// in the child of a fork by another thread id than the one that locked it).
//
// The three states are those of Drepper, "Futexes Are Tricky" (2011), mutex 2: free, held, held with waiters.

#pragma once

#include <atomic>
#include <cstdint>

#include "alloc8/detail/compiler.h"

namespace alloc8 {

namespace detail {
// Sleeps while *word == expected; may return early. Wakes one sleeper. Both keep errno.
ALLOC8_HIDDEN void waitOn(std::atomic<std::uint32_t>* word, std::uint32_t expected) noexcept;
ALLOC8_HIDDEN void wakeOne(std::atomic<std::uint32_t>* word) noexcept;
// Lets another thread run.
ALLOC8_HIDDEN void yieldThread() noexcept;
}  // namespace detail

class Lock {
 public:
  constexpr Lock() = default;

  void lock() {
    std::uint32_t seen = kFree;
    if (ALLOC8_LIKELY(state_.compare_exchange_strong(seen, kHeld, std::memory_order_acquire))) return;
    lockSlow();
  }

  bool tryLock() {
    std::uint32_t seen = kFree;
    return state_.compare_exchange_strong(seen, kHeld, std::memory_order_acquire);
  }

  // The same two without atomic instructions, for a process that certainly has one thread. A signal handler may come
  // between, and unlock() may follow tryLockAlone() where a thread was started meanwhile.
  bool tryLockAlone() {
    if (state_.load(std::memory_order_relaxed) != kFree) return false;
    state_.store(kHeld, std::memory_order_relaxed);
    return true;
  }
  void unlockAlone() { state_.store(kFree, std::memory_order_relaxed); }

  void unlock() {
    if (ALLOC8_UNLIKELY(state_.exchange(kFree, std::memory_order_release) == kContended)) detail::wakeOne(&state_);
  }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kHeld = 1;
  static constexpr std::uint32_t kContended = 2;

  ALLOC8_NOINLINE void lockSlow() {
    // A holder on another core is usually gone within a microsecond; sleeping costs more than that.
    for (int spin = 0; spin < 64; ++spin) {
      if (state_.load(std::memory_order_relaxed) == kFree && tryLock()) return;
    }
    while (state_.exchange(kContended, std::memory_order_acquire) != kFree) detail::waitOn(&state_, kContended);
  }

  std::atomic<std::uint32_t> state_{kFree};
};

// Holds a Lock for a scope.
class LockGuard {
 public:
  explicit LockGuard(Lock& lock) : lock_(lock) { lock_.lock(); }
  ~LockGuard() { lock_.unlock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Lock& lock_;
};

}  // namespace alloc8
