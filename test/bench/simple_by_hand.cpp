// The yardstick for "nothing is paid for what the heap does not ask for": the simple heap exported by hand, with the
// same libc rules and no part of ALLOC8_REDIRECT, HeapRedirect or LibcRules. liballoc8-simple.so must need as many
// instructions for malloc and free as this. Only what the benchmark's programs call is exported.

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "heaps/simple/simple_heap.h"

#define EXPORT __attribute__((visibility("default")))
#define FLAT __attribute__((flatten))

namespace {

constinit alloc8::heaps::SimpleHeap heap;

__attribute__((noinline)) void* outOfMemory() {
  errno = ENOMEM;
  return nullptr;
}

void* alignedBlock(size_t alignment, size_t size) {
  if (size > PTRDIFF_MAX || alignment > PTRDIFF_MAX - size) return outOfMemory();
  void* p = heap.memalign(alignment < 16 ? 16 : std::bit_ceil(alignment), size);
  return p != nullptr ? p : outOfMemory();
}

}  // namespace

extern "C" {

EXPORT FLAT void* malloc(size_t size) noexcept {
  void* p = heap.malloc(size);
  return __builtin_expect(p != nullptr, 1) ? p : outOfMemory();
}

EXPORT FLAT void free(void* p) noexcept { heap.free(p); }

EXPORT void* calloc(size_t count, size_t size) noexcept {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX) return outOfMemory();
  void* p = heap.calloc(count, size);
  return p != nullptr ? p : outOfMemory();
}

EXPORT void* realloc(void* p, size_t size) noexcept {
  if (p == nullptr) return malloc(size);
  if (size == 0) {
    free(p);
    return nullptr;
  }
  const size_t old = heap.getSize(p);
  if (size <= old && size >= old / 2) return p;
  void* moved = malloc(size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, p, old < size ? old : size);
  free(p);
  return moved;
}

EXPORT void* memalign(size_t alignment, size_t size) noexcept {
  if (alignment <= SIZE_MAX / 2 + 1) return alignedBlock(alignment, size);
  errno = EINVAL;
  return nullptr;
}

EXPORT void* aligned_alloc(size_t alignment, size_t size) noexcept { return memalign(alignment, size); }

EXPORT int posix_memalign(void** out, size_t alignment, size_t size) noexcept {
  if (alignment % sizeof(void*) != 0 || !std::has_single_bit(alignment)) return EINVAL;
  const int before = errno;
  void* p = alignedBlock(alignment, size);
  errno = before;
  if (p == nullptr) return ENOMEM;
  *out = p;
  return 0;
}

EXPORT size_t malloc_usable_size(void* p) noexcept { return p == nullptr ? 0 : heap.getSize(p); }
}
