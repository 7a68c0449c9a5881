// The body of the programs on blocks smaller than 16 bytes.
#pragma once

#include "../entries.h"

// Aligned to 16 as every other block is, which programs that keep vectors or tagged pointers in them rely on.
static inline void check_tiny(void* (*allocate)(size_t size)) {
  enum { rounds = 20 };
  static void* blocks[16][rounds];
  for (size_t size = 0; size < 16; size++)
    for (int i = 0; i < rounds; i++) {
      check_case = size;
      blocks[size][i] = allocate(opaque(size));
      CHECK_BLOCK(blocks[size][i]);
      CHECK_ALIGNED(blocks[size][i], 16);
    }
  for (size_t size = 0; size < 16; size++)
    for (int i = 0; i < rounds; i++) free(blocks[size][i]);
}
