// The body of the programs on extended alignment: a function that allocates is given by each.
#pragma once

#include <malloc.h>

#include "../check.h"

// Alignments from 8 bytes to 2 MiB with many sizes (0 has a program of its own, sizes/zero-aligned); three blocks of
// each live at once, filled to their usable end.
static inline void check_extended(void* (*allocate)(size_t alignment, size_t size)) {
  static const size_t sizes[] = {1, 8, 24, 64, 100, 192, 1000, 4096, 70000, (1 << 20) + 1};
  for (size_t alignment = sizeof(void*); alignment <= (size_t)1 << 21; alignment *= 2)
    for (size_t kind = 0; kind < sizeof sizes / sizeof *sizes; kind++) {
      size_t size = sizes[kind], filled[3];
      check_case = alignment;
      void* blocks[3];
      for (int i = 0; i < 3; i++) {
        blocks[i] = allocate(alignment, opaque(size));
        CHECK_BLOCK(blocks[i]);
        CHECK_ALIGNED(blocks[i], alignment);
        filled[i] = malloc_usable_size(blocks[i]);
        CHECK_AT_LEAST(filled[i], size);
        if (filled[i] > size + 4096) filled[i] = size + 4096;
        memset(blocks[i], i + 1, filled[i]);
      }
      for (int i = 0; i < 3; i++) CHECK_FILLED(blocks[i], filled[i] < 5000 ? filled[i] : 5000, i + 1);
      for (int i = 0; i < 3; i++) free(blocks[i]);
    }
}
