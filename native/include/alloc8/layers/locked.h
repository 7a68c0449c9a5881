// A lock around a heap that has none: any thread may call it then, and a fork finds it whole.

#pragma once

#include "alloc8/layers/layer.h"
#include "alloc8/lock.h"

namespace alloc8::layers {

template <class Super, class Mutex = alloc8::Lock>
class Locked : public Super {
 public:
  constexpr Locked() = default;

  void* malloc(std::size_t size) {
    Guarded guard(mutex_);
    return Super::malloc(size);
  }
  void free(void* p) {
    Guarded guard(mutex_);
    Super::free(p);
  }
  void* memalign(std::size_t alignment, std::size_t size) {
    Guarded guard(mutex_);
    return Super::memalign(alignment, size);
  }
  std::size_t getSize(void* p) {
    Guarded guard(mutex_);
    return Super::getSize(p);
  }

  void* realloc(void* p, std::size_t size) requires detail::HasRealloc<Super> {
    Guarded guard(mutex_);
    return Super::realloc(p, size);
  }
  void* calloc(std::size_t count, std::size_t size) requires alloc8::detail::HasCalloc<Super> {
    Guarded guard(mutex_);
    return Super::calloc(count, size);
  }
  void free_sized(void* p, std::size_t size) requires alloc8::detail::HasFreeSized<Super> {
    Guarded guard(mutex_);
    Super::free_sized(p, size);
  }
  void free_aligned_sized(void* p, std::size_t alignment,
                          std::size_t size) requires alloc8::detail::HasFreeAlignedSized<Super> {
    Guarded guard(mutex_);
    Super::free_aligned_sized(p, alignment, size);
  }
  bool owns(void* p) requires alloc8::detail::HasOwns<Super> {
    Guarded guard(mutex_);
    return Super::owns(p);
  }
  HeapStats stats() requires alloc8::detail::HasStats<Super> {
    Guarded guard(mutex_);
    return Super::stats();
  }
  bool arenaStats(std::size_t index, HeapStats* out) requires alloc8::detail::HasArenaStats<Super> {
    Guarded guard(mutex_);
    return Super::arenaStats(index, out);
  }
  std::size_t trim(std::size_t keep) requires alloc8::detail::HasTrim<Super> {
    Guarded guard(mutex_);
    return Super::trim(keep);
  }

  void threadInit() requires requires(Super& heap) { heap.threadInit(); }
  {
    Guarded guard(mutex_);
    Super::threadInit();
  }
  void threadCleanup() requires requires(Super& heap) { heap.threadCleanup(); }
  {
    Guarded guard(mutex_);
    Super::threadCleanup();
  }

  // Across a fork: this lock first, and what the heap below may have.
  void lock() {
    mutex_.lock();
    if constexpr (requires(Super & heap) { heap.lock(); }) Super::lock();
  }
  void unlock() {
    if constexpr (requires(Super & heap) { heap.unlock(); }) Super::unlock();
    mutex_.unlock();
  }
  void forkChild() requires alloc8::detail::HasForkChild<Super> {
    Super::forkChild();
    mutex_.unlock();
  }

 private:
  struct Guarded {
    explicit Guarded(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
    ~Guarded() { mutex_.unlock(); }
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;
    Mutex& mutex_;
  };

  Mutex mutex_;
};

}  // namespace alloc8::layers
