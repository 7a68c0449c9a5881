// The allocating entry points of libc by one signature, for the programs that test one of them.
#pragma once

#include <malloc.h>

#include "check.h"

// What the aligned ones are asked for, in bytes.
enum { entry_alignment = 64 };

#define ENTRY __attribute__((unused)) static void*

ENTRY by_malloc(size_t size) { return malloc(size); }
ENTRY by_calloc(size_t size) { return calloc(1, size); }
ENTRY by_realloc(size_t size) { return realloc(hide(NULL), size); }
ENTRY by_reallocarray(size_t size) { return reallocarray(hide(NULL), size, 1); }
ENTRY by_memalign(size_t size) { return memalign(entry_alignment, size); }
// Its size is a multiple of the alignment, as older standards want it; align/aligned-alloc-any-size has the others.
ENTRY by_aligned_alloc(size_t size) {
  return aligned_alloc(entry_alignment, (size + entry_alignment - 1) / entry_alignment * entry_alignment);
}
ENTRY by_valloc(size_t size) { return valloc(size); }
ENTRY by_pvalloc(size_t size) { return pvalloc(size); }

// Null with errno where it refuses, as the others.
ENTRY by_posix_memalign(size_t size) {
  void* block = NULL;
  int refusal = posix_memalign(&block, entry_alignment, size);
  if (refusal) errno = refusal;
  return refusal ? NULL : block;
}

#undef ENTRY
