// What a heap that defines the C bridge itself may leave out: weak, so that its own definition wins. In a file apart,
// because a caller in the same file could be compiled against the default.

#include "alloc8/bridge.h"

extern "C" {

ALLOC8_WEAK ALLOC8_HIDDEN void xxfree_sized(void* p, std::size_t /*size*/) { xxfree(p); }

ALLOC8_WEAK ALLOC8_HIDDEN void xxfree_aligned_sized(void* p, std::size_t /*alignment*/, std::size_t /*size*/) {
  xxfree(p);
}

ALLOC8_WEAK ALLOC8_HIDDEN bool xxfork_child() { return false; }

ALLOC8_WEAK ALLOC8_HIDDEN bool xxmalloc_stats(alloc8::HeapStats* /*out*/) { return false; }

ALLOC8_WEAK ALLOC8_HIDDEN bool xxmalloc_arena_stats(std::size_t /*index*/, alloc8::HeapStats* /*out*/) { return false; }

ALLOC8_WEAK ALLOC8_HIDDEN std::size_t xxmalloc_trim(std::size_t /*keep*/) { return 0; }

ALLOC8_WEAK extern const bool xxfollows_libc_rules;  // NOLINT(readability-redundant-declaration): to make it weak
const bool xxfollows_libc_rules = false;
}
