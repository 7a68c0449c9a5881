// Pointers that the heap does not own go to the allocator behind us. They come from a library that bound to libc's
// malloc (RTLD_DEEPBIND, dlmopen) and handed its block over; freeing it here would corrupt both heaps.

#include "alloc8/detail/foreign.h"

#include <atomic>

#include "alloc8/detail/libc_rules.h"
#include "interpose/next.h"

namespace alloc8::detail {

namespace {

std::atomic<std::size_t> routed{0};

constinit interpose::Next<void(void*)> nextFree{"free"};
constinit interpose::Next<std::size_t(void*)> nextSize{"malloc_usable_size"};

}  // namespace

void foreignFree(void* p) noexcept {
  routed.fetch_add(1, std::memory_order_relaxed);
  KeepErrno keep;
  if (auto* free = nextFree.find(); free != nullptr) free(p);
}

std::size_t foreignUsableSize(void* p) noexcept {
  auto* size = nextSize.find();
  return size == nullptr ? 0 : size(p);
}

std::size_t foreignCount() noexcept { return routed.load(std::memory_order_relaxed); }

}  // namespace alloc8::detail
