// The body of the programs on alignments up to 1 GiB.
#pragma once

#include "../machine.h"

// Every power of two from 4 MiB to 1 GiB, two blocks of each at once; only the first and the last page are touched.
static inline void check_huge(void* (*allocate)(size_t alignment, size_t size)) {
  NEED_MEMORY((unsigned long long)8 << 30);
  for (size_t alignment = (size_t)4 << 20; alignment <= (size_t)1 << 30; alignment *= 2) {
    check_case = alignment;
    char* blocks[2];
    for (int i = 0; i < 2; i++) {
      blocks[i] = (char*)allocate(alignment, opaque(alignment));
      CHECK_BLOCK(blocks[i]);
      CHECK_ALIGNED(blocks[i], alignment);
      blocks[i][0] = blocks[i][alignment - 1] = (char)(i + 1);
    }
    for (int i = 0; i < 2; i++) {
      CHECK_EQUAL(blocks[i][0], i + 1);
      CHECK_EQUAL(blocks[i][alignment - 1], i + 1);
      free(blocks[i]);
    }
  }
}
