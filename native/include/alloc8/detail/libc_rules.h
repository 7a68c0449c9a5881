// libc's rules, once, for every heap: what malloc and its kin promise whatever stands behind them (errno, overflow,
// alignment, zero sizes, argument checks). The behaviour is that of glibc 2.36, found by its manual and by experiment.
//
// `Bridge` gives the heap as static functions (malloc, free, memalign, usableSize, realloc, calloc, freeSized,
// freeAlignedSized, followsLibcRules). Checks that a heap makes itself are left out, and everything that only a
// failure needs stands in functions that are not inlined.

#pragma once

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "alloc8/detail/compiler.h"
#include "alloc8/pages.h"

namespace alloc8::detail {

inline constexpr std::size_t kMaxSize = PTRDIFF_MAX;
inline constexpr std::size_t kMinAlignment = 16;

inline bool aligned(const void* p, std::size_t alignment) {
  return (reinterpret_cast<std::uintptr_t>(p) & (alignment - 1)) == 0;
}

ALLOC8_NOINLINE inline void* outOfMemory() {
  errno = ENOMEM;
  return nullptr;
}

// Keeps errno for a scope. The address is asked for once, because asking is a call.
class KeepErrno {
 public:
  KeepErrno() : address_(&errno), value_(*address_) {}
  ~KeepErrno() { *address_ = value_; }
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

 private:
  int* address_;
  int value_;
};

template <class Bridge>
struct LibcRules {
  static ALLOC8_ALWAYS_INLINE void* malloc(std::size_t size) {
    if (!Bridge::followsLibcRules() && ALLOC8_UNLIKELY(size > kMaxSize)) return outOfMemory();
    void* p = Bridge::malloc(size);
    if (ALLOC8_LIKELY(p != nullptr && wellAligned(p))) return p;
    // Not `repair` for a heap that keeps the rules: keeping `size` for it would cost the fast path a register.
    return Bridge::followsLibcRules() ? outOfMemory() : repair(p, size);
  }

  static ALLOC8_ALWAYS_INLINE void free(void* p) {
    if (Bridge::followsLibcRules()) {
      Bridge::free(p);
    } else if (p != nullptr) {
      KeepErrno keep;
      Bridge::free(p);
    }
  }

  static ALLOC8_ALWAYS_INLINE void freeSized(void* p, std::size_t size) {
    if (Bridge::followsLibcRules()) {
      Bridge::freeSized(p, size);
    } else if (p != nullptr) {
      KeepErrno keep;
      Bridge::freeSized(p, size);
    }
  }

  static ALLOC8_ALWAYS_INLINE void freeAlignedSized(void* p, std::size_t alignment, std::size_t size) {
    if (Bridge::followsLibcRules()) {
      Bridge::freeAlignedSized(p, alignment, size);
    } else if (p != nullptr) {
      KeepErrno keep;
      Bridge::freeAlignedSized(p, alignment, size);
    }
  }

  static void* calloc(std::size_t count, std::size_t size) {
    std::size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > kMaxSize) return outOfMemory();
    void* p = Bridge::calloc(count, size);
    if (ALLOC8_LIKELY(p != nullptr && wellAligned(p))) return p;
    p = repair(p, bytes);
    if (p != nullptr) __builtin_memset(p, 0, bytes);
    return p;
  }

  // As glibc: realloc(null, n) allocates, realloc(p, 0) frees and gives null, failure keeps the block.
  static void* realloc(void* p, std::size_t size) {
    if (p == nullptr) return malloc(size);
    if (size == 0) {
      free(p);
      return nullptr;
    }
    if (size > kMaxSize) return outOfMemory();
    void* moved = Bridge::realloc(p, size);
    if (ALLOC8_LIKELY(moved != nullptr && wellAligned(moved))) return moved;
    return moved == nullptr ? outOfMemory() : realign(moved, size);
  }

  static void* reallocarray(void* p, std::size_t count, std::size_t size) {
    std::size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return outOfMemory();
    return realloc(p, bytes);
  }

  // As glibc: small alignments are malloc, others are rounded up to a power of two, and only those that have none to
  // round up to are EINVAL. aligned_alloc is the same function there (until 2.38).
  static void* memalign(std::size_t alignment, std::size_t size) {
    if (alignment <= kMinAlignment) return malloc(size);
    if (alignment > SIZE_MAX / 2 + 1) {
      errno = EINVAL;
      return nullptr;
    }
    void* p = alignedBlock(std::bit_ceil(alignment), size);
    return ALLOC8_LIKELY(p != nullptr) ? p : outOfMemory();
  }

  // 0, EINVAL or ENOMEM; *out is written only on success and errno is left alone.
  static int posixMemalign(void** out, std::size_t alignment, std::size_t size) {
    if (alignment % sizeof(void*) != 0 || !std::has_single_bit(alignment)) return EINVAL;
    KeepErrno keep;
    void* p = alignment <= kMinAlignment ? malloc(size) : alignedBlock(alignment, size);
    if (p == nullptr) return ENOMEM;
    *out = p;
    return 0;
  }

  static void* pvalloc(std::size_t size) {
    const std::size_t page = pages::size();
    if (size > kMaxSize - page) return outOfMemory();
    return memalign(page, (size + page - 1) & ~(page - 1));
  }

  static std::size_t usableSize(void* p) { return p == nullptr ? 0 : Bridge::usableSize(p); }

 private:
  static ALLOC8_ALWAYS_INLINE bool wellAligned(const void* p) {
    return Bridge::followsLibcRules() || aligned(p, kMinAlignment);
  }

  // What malloc does when the heap gave null or a block that no SSE load may touch.
  static ALLOC8_NOINLINE void* repair(void* p, std::size_t size) {
    if (p != nullptr) {
      Bridge::free(p);
      p = minimallyAligned(size);
    } else if (size == 0) {
      p = Bridge::malloc(1);  // malloc(0) is a block of its own
      if (p != nullptr && !wellAligned(p)) return repair(p, 1);
    }
    return p != nullptr ? p : outOfMemory();
  }

  // What realloc does when the heap moved the contents to such a block. Where there is no memory for another, the block
  // stays as it is: null would say that the old one is still there.
  static ALLOC8_NOINLINE void* realign(void* moved, std::size_t size) {
    void* p = minimallyAligned(size);
    if (p == nullptr) return moved;
    __builtin_memcpy(p, moved, size);
    Bridge::free(moved);
    return p;
  }

  static void* minimallyAligned(std::size_t size) {
    void* p = Bridge::memalign(kMinAlignment, size == 0 ? 1 : size);
    if (p != nullptr && !aligned(p, kMinAlignment)) {
      fatal("the heap gives blocks that are not at a multiple of 16, from malloc and from memalign", p);
    }
    return p;
  }

  // Null also where the heap ignores the alignment: a failure is honest, a misaligned block is not.
  static void* alignedBlock(std::size_t alignment, std::size_t size) {
    if (size > kMaxSize || alignment > kMaxSize - size) return nullptr;
    void* p = Bridge::memalign(alignment, size);
    if (p == nullptr && size == 0) p = Bridge::memalign(alignment, 1);
    if (p == nullptr || ALLOC8_LIKELY(aligned(p, alignment))) return p;
    Bridge::free(p);
    return nullptr;
  }
};

}  // namespace alloc8::detail
