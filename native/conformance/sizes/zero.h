// The body of the programs on empty blocks of one entry point.
#pragma once

#include "../entries.h"

// Blocks of no bytes are blocks all the same: aligned as they should be, unlike every other live one, taken by free.
static inline void check_zero(void* (*allocate)(size_t size), size_t alignment) {
  enum { count = 60 };
  void* blocks[count];
  for (size_t i = 0; i < count; i++) {
    blocks[i] = allocate(opaque(0));
    CHECK_BLOCK(blocks[i]);
    CHECK_ALIGNED(blocks[i], alignment);
    for (size_t j = 0; j < i; j++) CHECK(blocks[i] != blocks[j]);
  }
  for (size_t i = 0; i < count; i++) free(blocks[i]);
}
