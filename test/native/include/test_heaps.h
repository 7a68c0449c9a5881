// Heaps for the tests of HeapRedirect: each over libc's malloc, each counting its calls, each with other methods, so
// that what HeapRedirect fills in can be told from what the heap does.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <malloc.h>

#include "alloc8/alloc8.h"
#include "check.h"

namespace alloc8::check {

// Calls of one heap class by method.
struct Calls {
  int malloc = 0, free = 0, memalign = 0, getSize = 0, lock = 0, unlock = 0;
  int realloc = 0, calloc = 0, freeSized = 0, freeAlignedSized = 0, trim = 0, forkChild = 0;
};

// The six methods that every heap has. `Tag` makes classes of their own, each with its redirect and its counts.
template <class Tag>
class PlainHeap {
 public:
  static inline Calls calls;

  void* malloc(std::size_t size) {
    ++calls.malloc;
    if (size > std::size_t{1} << 30) return nullptr;
    void* p = std::malloc(size);
    return p == nullptr ? nullptr : std::memset(p, 0xa5, size);
  }
  void free(void* p) {
    ++calls.free;
    std::free(p);
  }
  void* memalign(std::size_t alignment, std::size_t size) {
    ++calls.memalign;
    return ::memalign(alignment, size);
  }
  std::size_t getSize(void* p) {
    ++calls.getSize;
    return malloc_usable_size(p);
  }
  void lock() { ++calls.lock; }
  void unlock() { ++calls.unlock; }
};

// A heap that must be built at run time.
template <class Tag>
class LazyHeap : public PlainHeap<Tag> {
 public:
  static inline int built = 0;
  LazyHeap() { ++built; }
  ~LazyHeap() { failed(__FILE__, __LINE__, "a heap was destroyed, and libraries free after main"); }
};

// Everything that a heap may bring besides.
template <class Tag>
class FullHeap : public PlainHeap<Tag> {
 public:
  using PlainHeap<Tag>::calls;

  void* realloc(void* p, std::size_t size) {
    ++calls.realloc;
    return std::realloc(p, size);
  }
  void* calloc(std::size_t count, std::size_t size) {
    ++calls.calloc;
    return std::calloc(count, size);
  }
  void free_sized(void* p, std::size_t size) {
    ++calls.freeSized;
    lastSize = size;
    std::free(p);
  }
  void free_aligned_sized(void* p, std::size_t alignment, std::size_t size) {
    ++calls.freeAlignedSized;
    lastAlignment = alignment;
    lastSize = size;
    std::free(p);
  }
  HeapStats stats() { return {.systemBytes = 1, .peakSystemBytes = 2, .liveBytes = 3}; }
  std::size_t trim(std::size_t keep) {
    ++calls.trim;
    return keep + 1;
  }
  void forkChild() { ++calls.forkChild; }

  static inline std::size_t lastSize = 0;
  static inline std::size_t lastAlignment = 0;
};

}  // namespace alloc8::check
