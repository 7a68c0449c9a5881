// The C bridge (xxmalloc and so on) in the shape that detail::LibcRules takes.

#pragma once

#include "alloc8/bridge.h"
#include "alloc8/detail/libc_rules.h"

namespace alloc8::interpose {

struct CBridge {
  static ALLOC8_ALWAYS_INLINE bool followsLibcRules() { return xxfollows_libc_rules; }
  static ALLOC8_ALWAYS_INLINE void* malloc(std::size_t size) { return xxmalloc(size); }
  static ALLOC8_ALWAYS_INLINE void free(void* p) { xxfree(p); }
  static ALLOC8_ALWAYS_INLINE void freeSized(void* p, std::size_t size) { xxfree_sized(p, size); }
  static ALLOC8_ALWAYS_INLINE void freeAlignedSized(void* p, std::size_t alignment, std::size_t size) {
    xxfree_aligned_sized(p, alignment, size);
  }
  static void* memalign(std::size_t alignment, std::size_t size) { return xxmemalign(alignment, size); }
  static void* calloc(std::size_t count, std::size_t size) { return xxcalloc(count, size); }
  static void* realloc(void* p, std::size_t size) { return xxrealloc(p, size); }
  static std::size_t usableSize(void* p) { return xxmalloc_usable_size(p); }
};

using Rules = alloc8::detail::LibcRules<CBridge>;

}  // namespace alloc8::interpose
