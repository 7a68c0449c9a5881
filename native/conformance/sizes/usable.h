// The body of the programs on the usable size of one entry point's blocks.
#pragma once

#include "../entries.h"

// At least what was asked; writable to that end without hurting neighbours, by the memset that _FORTIFY_SOURCE puts in
// place, which ends the program where it is told that less is there.
static inline void check_usable_size(void* (*allocate)(size_t size), size_t size) {
  enum { count = 6 };
  void* blocks[count];
  check_case = size;
  for (size_t i = 0; i < count; i++) {
    blocks[i] = allocate(opaque(size));
    CHECK_BLOCK(blocks[i]);
    CHECK_AT_LEAST(malloc_usable_size(blocks[i]), size);
    __builtin___memset_chk(blocks[i], (int)i + 1, malloc_usable_size(blocks[i]), malloc_usable_size(blocks[i]));
  }
  for (size_t i = 0; i < count; i++) CHECK_FILLED(blocks[i], malloc_usable_size(blocks[i]), i + 1);
  for (size_t i = 0; i < count; i++) free(blocks[i]);
}

static inline void check_usable(void* (*allocate)(size_t size)) {
  for (size_t size = 1; size <= 2100; size++) check_usable_size(allocate, size);
  for (size_t size = 2200; size < 3000000; size = size * 5 / 4) check_usable_size(allocate, size);
}
