// The body of the programs on one form of new with an alignment.
#pragma once

#include <initializer_list>
#include <new>

#include "../check.h"

// Alignments from 32 bytes to 2 MiB with sizes below and above them, some blocks of each at once, filled.
inline void check_wide(void* (*take)(size_t size, std::align_val_t alignment),
                       void (*give)(void* block, std::align_val_t alignment)) {
  for (size_t alignment = 32; alignment <= (size_t)1 << 21; alignment *= 2)
    for (size_t size : {size_t{1}, alignment - 1, alignment * 3}) {
      check_case = alignment;
      void* blocks[8];
      for (int i = 0; i < 8; i++) {
        blocks[i] = hide(take(opaque(size), std::align_val_t(alignment)));
        CHECK_BLOCK(blocks[i]);
        CHECK_ALIGNED(blocks[i], alignment);
        memset(blocks[i], i + 1, size);
      }
      for (int i = 0; i < 8; i++) CHECK_FILLED(blocks[i], size, i + 1);
      for (void* block : blocks) give(block, std::align_val_t(alignment));
    }
}
