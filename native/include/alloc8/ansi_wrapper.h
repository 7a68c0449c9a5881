// ANSIWrapper<Super>: makes of a heap that only knows how to hand out memory one that keeps C's rules: sizes are
// rounded up to the alignment and never overflow, malloc(0) is a block, free(nullptr) nothing, calloc checks its
// product, and realloc and memalign mind their odd cases. Upstream alloc8's name; heaps that stand behind
// ALLOC8_REDIRECT need it only for what their own callers do, because the interposer keeps libc's rules whatever the
// heap does.

#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc8/allocator_traits.h"
#include "alloc8/platform.h"

namespace alloc8 {

template <class Super, std::size_t MinAlignment = ALLOC8_MIN_ALIGNMENT>
class ANSIWrapper : public Super {
  static_assert((MinAlignment & (MinAlignment - 1)) == 0, "MinAlignment must be a power of two");
  static_assert(MinAlignment >= sizeof(void*), "MinAlignment must hold a pointer");

 public:
  static constexpr std::size_t alignment = MinAlignment;
  using Super::Super;

  // A block of at least `size` bytes, of at least `alignment` bytes in any case; null without memory.
  ALLOC8_ALWAYS_INLINE void* malloc(std::size_t size) {
    if (ALLOC8_UNLIKELY(size > kMaxSize)) return nullptr;
    return Super::malloc(rounded(size));
  }

  ALLOC8_ALWAYS_INLINE void free(void* p) {
    if (ALLOC8_LIKELY(p != nullptr)) Super::free(p);
  }

  // `count` times `size` zeroed bytes; null also where the product overflows.
  void* calloc(std::size_t count, std::size_t size) {
    std::size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > kMaxSize) return nullptr;
    if constexpr (detail::HasCalloc<Super>) {
      return Super::calloc(1, rounded(bytes));
    } else {
      void* p = malloc(bytes);
      return p == nullptr ? nullptr : std::memset(p, 0, bytes);
    }
  }

  // As C: of null it allocates, to zero it frees and gives null; on failure null, and the block stays.
  void* realloc(void* p, std::size_t size) {
    if (p == nullptr) return malloc(size);
    if (size == 0) {
      free(p);
      return nullptr;
    }
    if (ALLOC8_UNLIKELY(size > kMaxSize)) return nullptr;
    if constexpr (AllocatorWithRealloc<Super>) {
      return Super::realloc(p, rounded(size));
    } else {
      const std::size_t old = Super::getSize(p);
      if (size <= old) return p;
      void* moved = malloc(size);
      if (moved == nullptr) return nullptr;
      std::memcpy(moved, p, old);
      Super::free(p);
      return moved;
    }
  }

  // A block at a multiple of `wanted`, which must be a power of two; null otherwise, or without memory.
  void* memalign(std::size_t wanted, std::size_t size) {
    if (wanted < alignment) wanted = alignment;
    if ((wanted & (wanted - 1)) != 0 || wanted > kMaxSize || size > kMaxSize - wanted) return nullptr;
    return Super::memalign(wanted, rounded(size));
  }

  // As POSIX: 0, EINVAL or ENOMEM. *out is written on success alone.
  int posix_memalign(void** out, std::size_t wanted, std::size_t size) {
    if (wanted < sizeof(void*) || (wanted & (wanted - 1)) != 0) return EINVAL;
    void* p = memalign(wanted, size);
    if (p == nullptr) return ENOMEM;
    *out = p;
    return 0;
  }

  // As C11, which asks that `size` be a multiple of `wanted`; null otherwise.
  void* aligned_alloc(std::size_t wanted, std::size_t size) {
    return wanted == 0 || size % wanted != 0 ? nullptr : memalign(wanted, size);
  }

  std::size_t getSize(void* p) { return p == nullptr ? 0 : Super::getSize(p); }

 private:
  static constexpr std::size_t kMaxSize = PTRDIFF_MAX - MinAlignment;

  static constexpr std::size_t rounded(std::size_t size) {
    return size == 0 ? MinAlignment : (size + MinAlignment - 1) & ~(MinAlignment - 1);
  }
};

}  // namespace alloc8
