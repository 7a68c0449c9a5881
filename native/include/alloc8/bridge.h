// The C bridge between a heap and the exports: the names of upstream alloc8 (xxmalloc and so on), so that a heap which
// defines them itself works as source. All hidden: exporting them would put a PLT jump into every malloc.

#pragma once

#include <cstddef>

#include "alloc8/detail/compiler.h"
#include "alloc8/stats.h"

extern "C" {

// Every heap has these; ALLOC8_REDIRECT defines them.
ALLOC8_HIDDEN void* xxmalloc(std::size_t size);
ALLOC8_HIDDEN void xxfree(void* p);
ALLOC8_HIDDEN void* xxmemalign(std::size_t alignment, std::size_t size);
ALLOC8_HIDDEN std::size_t xxmalloc_usable_size(void* p);
ALLOC8_HIDDEN void xxmalloc_lock();
ALLOC8_HIDDEN void xxmalloc_unlock();
ALLOC8_HIDDEN void* xxrealloc(void* p, std::size_t size);
ALLOC8_HIDDEN void* xxcalloc(std::size_t count, std::size_t size);

// These have a default: free, and "no".
ALLOC8_HIDDEN void xxfree_sized(void* p, std::size_t size);
ALLOC8_HIDDEN void xxfree_aligned_sized(void* p, std::size_t alignment, std::size_t size);
ALLOC8_HIDDEN bool xxfork_child();
ALLOC8_HIDDEN bool xxmalloc_stats(alloc8::HeapStats* out);
ALLOC8_HIDDEN bool xxmalloc_arena_stats(std::size_t index, alloc8::HeapStats* out);
ALLOC8_HIDDEN std::size_t xxmalloc_trim(std::size_t keep);

// Whether the heap keeps libc's rules by itself (see detail::followsLibcRules). A constant, not a function, so that
// link-time optimisation folds it.
ALLOC8_HIDDEN extern const bool xxfollows_libc_rules;
}
