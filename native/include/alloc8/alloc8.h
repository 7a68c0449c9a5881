// The one header that a heap author includes: the contract (allocator_traits.h), HeapRedirect, and ALLOC8_REDIRECT,
// which puts a heap behind libc's allocation functions.
//
//   class MyHeap { public: void* malloc(size_t); void free(void*); ... };
//   using MyRedirect = alloc8::HeapRedirect<MyHeap>;
//   ALLOC8_REDIRECT(MyRedirect);
//
// A heap with threadInit and threadCleanup takes ALLOC8_REDIRECT_WITH_THREADS(MyRedirect) instead, and is linked with
// the thread sources (thread_hooks.h says what it may rely on).

#pragma once

#include "alloc8/allocator_traits.h"
#include "alloc8/ansi_wrapper.h"
#include "alloc8/bridge.h"
#include "alloc8/heap_redirect.h"
#include "alloc8/platform.h"
#include "alloc8/thread_redirect.h"

namespace alloc8 {
// Upstream's short names.
template <class T>
using Redirect = HeapRedirect<T>;
template <class T>
using Threads = ThreadRedirect<T>;
}  // namespace alloc8

// Defines the C bridge for a HeapRedirect. Once per library, outside any namespace. What is given may have commas.
#define ALLOC8_REDIRECT(...)                                                                                 \
  extern "C" {                                                                                               \
  ALLOC8_HIDDEN void* xxmalloc(std::size_t size) { return __VA_ARGS__::malloc(size); }                       \
  ALLOC8_HIDDEN void xxfree(void* p) { __VA_ARGS__::free(p); }                                               \
  ALLOC8_HIDDEN void* xxmemalign(std::size_t a, std::size_t size) { return __VA_ARGS__::memalign(a, size); } \
  ALLOC8_HIDDEN std::size_t xxmalloc_usable_size(void* p) { return __VA_ARGS__::getSize(p); }                \
  ALLOC8_HIDDEN void xxmalloc_lock() { __VA_ARGS__::lock(); }                                                \
  ALLOC8_HIDDEN void xxmalloc_unlock() { __VA_ARGS__::unlock(); }                                            \
  ALLOC8_HIDDEN void* xxrealloc(void* p, std::size_t size) { return __VA_ARGS__::realloc(p, size); }         \
  ALLOC8_HIDDEN void* xxcalloc(std::size_t n, std::size_t size) { return __VA_ARGS__::calloc(n, size); }     \
  ALLOC8_HIDDEN void xxfree_sized(void* p, std::size_t size) { __VA_ARGS__::free_sized(p, size); }           \
  ALLOC8_HIDDEN void xxfree_aligned_sized(void* p, std::size_t a, std::size_t size) {                        \
    __VA_ARGS__::free_aligned_sized(p, a, size);                                                             \
  }                                                                                                          \
  ALLOC8_HIDDEN bool xxfork_child() { return __VA_ARGS__::forkChild(); }                                     \
  ALLOC8_HIDDEN bool xxmalloc_stats(alloc8::HeapStats* out) { return __VA_ARGS__::stats(out); }              \
  ALLOC8_HIDDEN bool xxmalloc_arena_stats(std::size_t index, alloc8::HeapStats* out) {                       \
    return __VA_ARGS__::arenaStats(index, out);                                                              \
  }                                                                                                          \
  ALLOC8_HIDDEN std::size_t xxmalloc_trim(std::size_t keep) { return __VA_ARGS__::trim(keep); }              \
  const bool xxfollows_libc_rules = __VA_ARGS__::followsLibcRules;                                           \
  }                                                                                                          \
  static_assert(true, "ALLOC8_REDIRECT takes a semicolon")

// Defines the thread hooks for a ThreadRedirect. Once per library, outside any namespace, beside ALLOC8_REDIRECT.
#define ALLOC8_THREAD_REDIRECT(...)                                       \
  extern "C" {                                                            \
  ALLOC8_HIDDEN void xxthread_init() { __VA_ARGS__::threadInit(); }       \
  ALLOC8_HIDDEN void xxthread_cleanup() { __VA_ARGS__::threadCleanup(); } \
  }                                                                       \
  static_assert(true, "ALLOC8_THREAD_REDIRECT takes a semicolon")

// Both at once, for a HeapRedirect whose heap has threadInit and threadCleanup.
#define ALLOC8_REDIRECT_WITH_THREADS(...) \
  ALLOC8_REDIRECT(__VA_ARGS__);           \
  ALLOC8_THREAD_REDIRECT(alloc8::ThreadRedirect<__VA_ARGS__::AllocatorType, __VA_ARGS__>)
