// The contract of a heap as concepts, so that the compiler names the method that is missing, and the traits by which
// optional methods are found.
//
// Required: malloc(size), free(pointer), memalign(alignment, size), getSize(pointer), lock(), unlock().
// Optional: realloc, calloc, free_sized, free_aligned_sized, owns, tryFree, stats, arenaStats, trim, forkChild,
// threadInit, threadCleanup. `tryFree(pointer)` is the short way: it frees the pointer where that takes few
// instructions, and answers false where it does not, or the pointer may not be the heap's; then owns and free are
// asked.

#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

#include "alloc8/stats.h"

namespace alloc8 {

template <class T>
concept Allocator = requires(T& heap, void* pointer, std::size_t size, std::size_t alignment) {
  { heap.malloc(size) } -> std::convertible_to<void*>;
  heap.free(pointer);
  { heap.memalign(alignment, size) } -> std::convertible_to<void*>;
  { heap.getSize(pointer) } -> std::convertible_to<std::size_t>;
  heap.lock();
  heap.unlock();
};

template <class T>
concept AllocatorWithRealloc = Allocator<T> && requires(T& heap, void* pointer, std::size_t size) {
  { heap.realloc(pointer, size) } -> std::convertible_to<void*>;
};

template <class T>
concept ThreadAwareAllocator = Allocator<T> && requires(T& heap) {
  heap.threadInit();
  heap.threadCleanup();
};

namespace detail {

template <class T>
concept HasCalloc = requires(T& heap, std::size_t n) {
  { heap.calloc(n, n) } -> std::convertible_to<void*>;
};

template <class T>
concept HasFreeSized = requires(T& heap, void* p, std::size_t n) {
  heap.free_sized(p, n);
};

template <class T>
concept HasFreeAlignedSized = requires(T& heap, void* p, std::size_t n) {
  heap.free_aligned_sized(p, n, n);
};

template <class T>
concept HasOwns = requires(T& heap, void* p) {
  { heap.owns(p) } -> std::convertible_to<bool>;
};

template <class T>
concept HasTryFree = HasOwns<T> && requires(T& heap, void* p) {
  { heap.tryFree(p) } -> std::convertible_to<bool>;
};

template <class T>
concept HasStats = requires(T& heap) {
  { heap.stats() } -> std::convertible_to<HeapStats>;
};

template <class T>
concept HasArenaStats = requires(T& heap, std::size_t index, HeapStats* out) {
  { heap.arenaStats(index, out) } -> std::convertible_to<bool>;
};

template <class T>
concept HasTrim = requires(T& heap, std::size_t n) {
  { heap.trim(n) } -> std::convertible_to<std::size_t>;
};

template <class T>
concept HasForkChild = requires(T& heap) {
  heap.forkChild();
};

// A heap with a constexpr constructor needs no construction at run time: it works before any constructor has run, and
// malloc needs no check whether it is ready.
template <class T>
constexpr bool constructed() {
  [[maybe_unused]] T heap{};
  return true;
}

template <class T>
concept ConstantInitialised = requires {
  typename std::bool_constant<constructed<T>()>;
};

// `static constexpr bool followsLibcRules = true` is a heap's promise that it refuses sizes above PTRDIFF_MAX, aligns
// to 16, answers malloc(0) with a block, takes free(nullptr), and keeps errno in free. The interposer then leaves
// those checks out.
template <class T>
constexpr bool followsLibcRules() {
  if constexpr (requires {
                  { T::followsLibcRules } -> std::convertible_to<bool>;
                }) {
    return T::followsLibcRules;
  } else {
    return false;
  }
}

}  // namespace detail
}  // namespace alloc8
