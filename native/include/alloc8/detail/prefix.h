// Prefixed mode: compiled with -DALLOC8_PREFIX=NAME, a heap is NAME_malloc beside the system's malloc. Everything that
// the linker sees gets the prefix, so that a program can have several such heaps, linked statically, too: the C bridge,
// and the namespace itself, because what stands behind two heaps may be two versions of it.
//
// Included by each header that begins a chain of includes; every source of one heap is compiled with the same prefix.

#pragma once

#if defined(ALLOC8_PREFIX)

#define ALLOC8_JOIN_WORDS(first, second) first##second
#define ALLOC8_JOIN(first, second) ALLOC8_JOIN_WORDS(first, second)

// NAME_malloc for ALLOC8_PREFIXED(malloc). The word has its underscore already, so that no macro of that name (strdup
// is one in some headers) is expanded.
#define ALLOC8_PREFIXED(word) ALLOC8_JOIN(ALLOC8_PREFIX, _##word)

#define alloc8 ALLOC8_JOIN(alloc8_, ALLOC8_PREFIX)

#define xxmalloc ALLOC8_PREFIXED(xxmalloc)
#define xxfree ALLOC8_PREFIXED(xxfree)
#define xxmemalign ALLOC8_PREFIXED(xxmemalign)
#define xxmalloc_usable_size ALLOC8_PREFIXED(xxmalloc_usable_size)
#define xxmalloc_lock ALLOC8_PREFIXED(xxmalloc_lock)
#define xxmalloc_unlock ALLOC8_PREFIXED(xxmalloc_unlock)
#define xxrealloc ALLOC8_PREFIXED(xxrealloc)
#define xxcalloc ALLOC8_PREFIXED(xxcalloc)
#define xxfree_sized ALLOC8_PREFIXED(xxfree_sized)
#define xxfree_aligned_sized ALLOC8_PREFIXED(xxfree_aligned_sized)
#define xxfork_child ALLOC8_PREFIXED(xxfork_child)
#define xxmalloc_stats ALLOC8_PREFIXED(xxmalloc_stats)
#define xxmalloc_arena_stats ALLOC8_PREFIXED(xxmalloc_arena_stats)
#define xxmalloc_trim ALLOC8_PREFIXED(xxmalloc_trim)
#define xxfollows_libc_rules ALLOC8_PREFIXED(xxfollows_libc_rules)
#define xxthread_init ALLOC8_PREFIXED(xxthread_init)
#define xxthread_cleanup ALLOC8_PREFIXED(xxthread_cleanup)
#define xxthread_created_flag ALLOC8_PREFIXED(xxthread_created_flag)

#endif
