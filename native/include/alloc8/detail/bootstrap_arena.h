// Memory for calls that come while a heap is still being built: its constructor may allocate, or call dlsym, which
// does. Only heaps that are not constant-initialised have one.
//
// A bump arena in .bss, which costs nothing until touched; what does not fit is mapped and remembered. Blocks carry
// their size, so that free, realloc and malloc_usable_size know them for as long as the process lives.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "alloc8/detail/compiler.h"
#include "alloc8/pages.h"

namespace alloc8::detail {

class BootstrapArena {
 public:
  // A block of `size` bytes at a multiple of `alignment` (a power of two), or null. Zeroed, because it is never reused.
  static void* allocate(std::size_t size, std::size_t alignment) {
    if (alignment < kHeader) alignment = kHeader;
    if (size > kMaxSize || alignment > kMaxSize) return nullptr;
    const std::size_t need = size + alignment + kHeader;
    std::size_t at = used_.load(std::memory_order_relaxed);
    while (at + need <= kArenaBytes) {
      if (used_.compare_exchange_weak(at, at + need, std::memory_order_relaxed)) {
        return place(arena_ + at, size, alignment);
      }
    }
    return allocateMapped(size, alignment, need);
  }

  static ALLOC8_ALWAYS_INLINE bool owns(const void* p) {
    if (ALLOC8_UNLIKELY(within(p, arena_, kArenaBytes))) return true;
    return ALLOC8_UNLIKELY(mappedCount_.load(std::memory_order_acquire) != 0) && ownsMapped(p);
  }

  // Bytes usable at p, which the arena owns.
  static std::size_t usableSize(const void* p) {
    return *reinterpret_cast<const std::size_t*>(static_cast<const char*>(p) - kHeader);
  }

 private:
  static constexpr std::size_t kArenaBytes = std::size_t{256} << 10;
  static constexpr std::size_t kHeader = 16;
  static constexpr std::size_t kMaxSize = SIZE_MAX / 4;
  static constexpr unsigned kMaxMapped = 128;

  struct Mapped {
    std::atomic<const char*> start;
    std::size_t bytes;
  };

  static bool within(const void* p, const char* start, std::size_t bytes) {
    return reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(start) < bytes;
  }

  static void* place(char* start, std::size_t size, std::size_t alignment) {
    const auto first = reinterpret_cast<std::uintptr_t>(start) + kHeader;
    char* block = reinterpret_cast<char*>((first + alignment - 1) & ~(alignment - 1));
    *reinterpret_cast<std::size_t*>(block - kHeader) = size;
    return block;
  }

  static void* allocateMapped(std::size_t size, std::size_t alignment, std::size_t need) {
    const unsigned slot = mappedCount_.fetch_add(1, std::memory_order_acq_rel);
    if (slot >= kMaxMapped) {
      mappedCount_.fetch_sub(1, std::memory_order_acq_rel);
      return nullptr;
    }
    char* start = static_cast<char*>(pages::map(need, pages::size()));
    if (start == nullptr) return nullptr;  // its slot stays empty and matches nothing
    mapped_[slot].bytes = need;
    mapped_[slot].start.store(start, std::memory_order_release);
    return place(start, size, alignment);
  }

  static ALLOC8_NOINLINE bool ownsMapped(const void* p) {
    const unsigned count = mappedCount_.load(std::memory_order_acquire);
    for (unsigned i = 0; i < count && i < kMaxMapped; ++i) {
      const char* start = mapped_[i].start.load(std::memory_order_acquire);
      if (start != nullptr && within(p, start, mapped_[i].bytes)) return true;
    }
    return false;
  }

  alignas(64) static inline char arena_[kArenaBytes];
  static inline std::atomic<std::size_t> used_{0};
  static inline std::atomic<unsigned> mappedCount_{0};
  static inline Mapped mapped_[kMaxMapped];
};

}  // namespace alloc8::detail
