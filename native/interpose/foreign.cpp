// Pointers that the heap does not own go to the allocator behind us. They come from a library that bound to libc's
// malloc (RTLD_DEEPBIND, dlmopen) and handed its block over; freeing it here would corrupt both heaps.

#include "alloc8/detail/foreign.h"

#include <atomic>

#include "alloc8/detail/libc_rules.h"
#include "platform/platform.h"

namespace alloc8::detail {

namespace {

std::atomic<std::size_t> routed{0};

// The next definition of a function, looked up once; a race looks it up twice and finds the same.
template <class Function>
Function next(std::atomic<void*>& cached, const char* name) {
  void* found = cached.load(std::memory_order_acquire);
  if (found == nullptr) {
    found = platform::nextSymbol(name);
    cached.store(found, std::memory_order_release);
  }
  return reinterpret_cast<Function>(found);
}

}  // namespace

void foreignFree(void* p) {
  static std::atomic<void*> cached{nullptr};
  routed.fetch_add(1, std::memory_order_relaxed);
  KeepErrno keep;
  if (auto* nextFree = next<void (*)(void*)>(cached, "free"); nextFree != nullptr) nextFree(p);
}

std::size_t foreignUsableSize(void* p) {
  static std::atomic<void*> cached{nullptr};
  auto* nextSize = next<std::size_t (*)(void*)>(cached, "malloc_usable_size");
  return nextSize == nullptr ? 0 : nextSize(p);
}

std::size_t foreignCount() { return routed.load(std::memory_order_relaxed); }

}  // namespace alloc8::detail
