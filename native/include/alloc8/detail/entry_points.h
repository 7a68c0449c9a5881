// THE list of libc's allocation entry points: what a heap library exports, what the witness looks for and what the
// tests check. One X-macro, so that the three cannot disagree.
//
// X(symbol, role), where the role says what a verdict makes of a reference that lands outside the heap:
//   allocate  it hands out blocks: landing elsewhere mixes two heaps
//   release   it takes blocks back, or changes their size: likewise
//   query     it looks into a block that must be the heap's own
//   derived   libc's or the C++ runtime's version calls one of the above through its own reference, so that landing
//             there still reaches the heap
//   report    statistics and tuning; landing elsewhere answers for the wrong heap but corrupts nothing

#pragma once

#define ALLOC8_C_ENTRY_POINTS(X) \
  X(malloc, allocate)            \
  X(calloc, allocate)            \
  X(realloc, allocate)           \
  X(free, release)               \
  X(reallocarray, derived)       \
  X(memalign, allocate)          \
  X(aligned_alloc, allocate)     \
  X(posix_memalign, allocate)    \
  X(valloc, allocate)            \
  X(pvalloc, allocate)           \
  X(malloc_usable_size, query)   \
  X(cfree, release)              \
  X(free_sized, release)         \
  X(free_aligned_sized, release) \
  X(__libc_malloc, allocate)     \
  X(__libc_calloc, allocate)     \
  X(__libc_realloc, allocate)    \
  X(__libc_free, release)        \
  X(__libc_memalign, allocate)   \
  X(__libc_valloc, allocate)     \
  X(__libc_pvalloc, allocate)    \
  X(__libc_cfree, release)       \
  X(__posix_memalign, allocate)  \
  X(mallopt, report)             \
  X(mallinfo, report)            \
  X(mallinfo2, report)           \
  X(malloc_trim, report)         \
  X(malloc_stats, report)        \
  X(malloc_info, report)

// The operators by their Itanium ABI names; size_t is `m` on every 64-bit target.
#define ALLOC8_CXX_ENTRY_POINTS(X)                \
  X(_Znwm, derived)                               \
  X(_Znam, derived)                               \
  X(_ZnwmRKSt9nothrow_t, derived)                 \
  X(_ZnamRKSt9nothrow_t, derived)                 \
  X(_ZnwmSt11align_val_t, derived)                \
  X(_ZnamSt11align_val_t, derived)                \
  X(_ZnwmSt11align_val_tRKSt9nothrow_t, derived)  \
  X(_ZnamSt11align_val_tRKSt9nothrow_t, derived)  \
  X(_ZdlPv, derived)                              \
  X(_ZdaPv, derived)                              \
  X(_ZdlPvRKSt9nothrow_t, derived)                \
  X(_ZdaPvRKSt9nothrow_t, derived)                \
  X(_ZdlPvm, derived)                             \
  X(_ZdaPvm, derived)                             \
  X(_ZdlPvSt11align_val_t, derived)               \
  X(_ZdaPvSt11align_val_t, derived)               \
  X(_ZdlPvSt11align_val_tRKSt9nothrow_t, derived) \
  X(_ZdaPvSt11align_val_tRKSt9nothrow_t, derived) \
  X(_ZdlPvmSt11align_val_t, derived)              \
  X(_ZdaPvmSt11align_val_t, derived)

#define ALLOC8_ENTRY_POINTS(X) ALLOC8_C_ENTRY_POINTS(X) ALLOC8_CXX_ENTRY_POINTS(X)
