// The body of the programs on one form of operator delete.
#pragma once

#include "forms.h"

// Blocks of the plain and of the nothrow form of new that fit it, from no bytes to 2 MB, hold their content, are taken,
// and the memory works on.
inline void check_delete(const Form& plain, const Form& nothrow, void (*give)(void* block, size_t size)) {
  for (size_t size = 0; size < 2000000; size = size * 2 + 1)
    for (int round = 0; round < 4; round++) {
      check_case = size;
      void* block = (round % 2 ? plain : nothrow).take(opaque(size));
      void* other = plain.take(opaque(size));
      CHECK_BLOCK(block);
      memset(block, 1, size);
      memset(other, 2, size);
      CHECK_FILLED(block, size, 1);
      give(block, size);
      CHECK_FILLED(other, size, 2);
      give(other, size);
    }
}
