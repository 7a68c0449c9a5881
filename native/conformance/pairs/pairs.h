// The body of the programs on pairs: blocks of one allocating entry point, taken by each that takes blocks.
#pragma once

#include "../entries.h"

static void pairs_check_kept(const char* block, size_t size) {
  CHECK_BLOCK(block);
  CHECK_FILLED(block, size < 2000 ? size : 2000, 0x3c);
}

static void by_free(void* block, size_t size) {
  pairs_check_kept(block, size);
  free(block);
}
static void by_growth(void* block, size_t size) {
  block = realloc(block, size * 2 + 100);
  by_free(block, size);
}
static void by_shrinking(void* block, size_t size) {
  block = realloc(block, size / 2 + 1);
  by_free(block, size / 2);
}
static void by_array_growth(void* block, size_t size) {
  block = reallocarray(block, size, 3);
  by_free(block, size);
}
static void by_realloc_zero(void* block, size_t size) {
  pairs_check_kept(block, size);
  free(realloc(block, opaque(0)));  // null with glibc; sizes/realloc-zero checks that
}

// `check_case` tells the size and, in its last digit, who takes the block.
static inline void check_pairs(void* (*allocate)(size_t size)) {
  void (*take[])(void*, size_t) = {by_free, by_growth, by_shrinking, by_array_growth, by_realloc_zero};
  static const size_t sizes[] = {1, 24, 100, 1000, 5000, 40000, 300000, 3000000};
  for (size_t which = 0; which < sizeof take / sizeof *take; which++)
    for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
      check_case = sizes[at] * 10 + which;
      void* block = allocate(opaque(sizes[at]));
      CHECK_BLOCK(block);
      memset(block, 0x3c, sizes[at]);
      take[which](block, sizes[at]);
    }
}
