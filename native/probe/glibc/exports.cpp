// libc's allocation functions, each counted and passed on to the heap behind.

#if !defined(__GLIBC__) && !__has_include(<gnu/libc-version.h>)
#error "probe/glibc is for the GNU C library"
#endif

#include <cerrno>
#include <cstring>

#include "probe/next.h"
#include "probe/passing.h"
#include "probe/probe.h"
#include "probe/sampler.h"

namespace alloc8::probe {

namespace {

// An allocation, counted where this thread has a place for it.
template <class Allocate>
ALLOC8_ALWAYS_INLINE void* given(ProbeEntry entry, std::size_t bytes, Allocate allocate) {
  ProbeSlot* slot = currentSlot();
  return slot == nullptr ? allocate() : countedGiven(slot, entry, bytes, allocate);
}

template <class Allocate>
ALLOC8_ALWAYS_INLINE void* givenIfOwn(ProbeEntry entry, std::size_t bytes, bool own, Allocate allocate) {
  return own ? given(entry, bytes, allocate) : allocate();
}

template <class Release>
ALLOC8_ALWAYS_INLINE void taken(ProbeEntry entry, void* block, Release release) {
  if (isBootstrap(block)) return;
  ProbeSlot* slot = currentSlot();
  if (ALLOC8_UNLIKELY(slot == nullptr)) {
    forget(block, 0);
    return release();
  }
  countedTaken(slot, entry, block, release);
}

template <class Resize>
ALLOC8_ALWAYS_INLINE void* resized(ProbeEntry entry, void* block, std::size_t bytes, Resize resize) {
  ProbeSlot* slot = currentSlot();
  return slot == nullptr ? resize() : countedResized(slot, entry, block, bytes, resize);
}

void* bootstrapCopy(void* block, std::size_t bytes) {
  void* moved = bootstrapMalloc(bytes);
  if (moved != nullptr && block != nullptr) {
    const std::size_t old = bootstrapSize(block);
    std::memcpy(moved, block, old < bytes ? old : bytes);
  }
  return moved;
}

}  // namespace

}  // namespace alloc8::probe

using namespace alloc8::probe;  // NOLINT(google-build-using-namespace)

extern "C" {

ALLOC8_EXPORT void* malloc(std::size_t bytes) {
  if (!hasNext()) return bootstrapMalloc(bytes);
  return given(ProbeEntry::malloc, bytes, [=] { return nextHeap.malloc(bytes); });
}

ALLOC8_EXPORT void* calloc(std::size_t count, std::size_t size) {
  std::size_t bytes = 0;
  const bool overflows = __builtin_mul_overflow(count, size, &bytes);
  if (!hasNext()) return overflows ? nullptr : bootstrapMalloc(bytes);
  return given(ProbeEntry::calloc, overflows ? 0 : bytes, [=] { return nextHeap.calloc(count, size); });
}

ALLOC8_EXPORT void* realloc(void* block, std::size_t bytes) {
  if (!hasNext()) return bootstrapCopy(block, bytes);
  if (isBootstrap(block)) {
    void* moved = malloc(bytes);
    const std::size_t old = bootstrapSize(block);
    return moved == nullptr ? nullptr : std::memcpy(moved, block, old < bytes ? old : bytes);
  }
  return resized(ProbeEntry::realloc, block, bytes, [=] { return nextHeap.realloc(block, bytes); });
}

ALLOC8_EXPORT void free(void* block) {
  if (!hasNext()) return;
  taken(ProbeEntry::free, block, [=] { nextHeap.free(block); });
}

ALLOC8_EXPORT void* reallocarray(void* block, std::size_t count, std::size_t size) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    ProbeSlot* slot = currentSlot();
    if (slot != nullptr && isOn(currentLevels(), alloc8::record::kProbeCounts)) {
      countCall(slot, ProbeEntry::reallocarray, 0);
      countFailure(slot, ProbeEntry::reallocarray);
    }
    errno = ENOMEM;
    return nullptr;
  }
  if (!hasNext() || isBootstrap(block)) return realloc(block, bytes);
  return resized(ProbeEntry::reallocarray, block, bytes, [=] {
    return nextHeap.ownReallocarray ? nextHeap.reallocarray(block, count, size) : nextHeap.realloc(block, bytes);
  });
}

ALLOC8_EXPORT void* memalign(std::size_t alignment, std::size_t bytes) {
  if (!hasNext()) return nullptr;
  return givenIfOwn(ProbeEntry::memalign, bytes, nextHeap.ownMemalign,
                    [=] { return nextHeap.memalign(alignment, bytes); });
}

ALLOC8_EXPORT void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  if (!hasNext()) return nullptr;
  return givenIfOwn(ProbeEntry::aligned_alloc, bytes, nextHeap.ownAlignedAlloc,
                    [=] { return nextHeap.aligned_alloc(alignment, bytes); });
}

ALLOC8_EXPORT int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  if (!hasNext()) return ENOMEM;
  int result = 0;
  const auto allocate = [&]() -> void* {
    result = nextHeap.posix_memalign(block, alignment, bytes);
    return result == 0 ? *block : nullptr;
  };
  givenIfOwn(ProbeEntry::posix_memalign, bytes, nextHeap.ownPosixMemalign, allocate);
  return result;
}

ALLOC8_EXPORT void* valloc(std::size_t bytes) {
  if (!hasNext()) return nullptr;
  return givenIfOwn(ProbeEntry::valloc, bytes, nextHeap.ownValloc, [=] { return nextHeap.valloc(bytes); });
}

ALLOC8_EXPORT void* pvalloc(std::size_t bytes) {
  if (!hasNext()) return nullptr;
  return givenIfOwn(ProbeEntry::pvalloc, bytes, nextHeap.ownPvalloc, [=] { return nextHeap.pvalloc(bytes); });
}

ALLOC8_EXPORT void free_sized(void* block, std::size_t bytes) {
  if (!hasNext()) return;
  taken(ProbeEntry::free_sized, block, [=] {
    if (nextHeap.free_sized != nullptr) return nextHeap.free_sized(block, bytes);
    nextHeap.free(block);
  });
}

ALLOC8_EXPORT void free_aligned_sized(void* block, std::size_t alignment, std::size_t bytes) {
  if (!hasNext()) return;
  taken(ProbeEntry::free_sized, block, [=] {
    if (nextHeap.free_aligned_sized != nullptr) return nextHeap.free_aligned_sized(block, alignment, bytes);
    nextHeap.free(block);
  });
}

ALLOC8_EXPORT std::size_t malloc_usable_size(void* block) {
  if (isBootstrap(block)) return bootstrapSize(block);
  return hasNext() ? nextHeap.malloc_usable_size(block) : 0;
}

}  // extern "C"
