// The body of the programs on one form of new asked for no bytes.
#pragma once

#include "forms.h"

// Not null, aligned where that was asked for (plain forms: align/tiny-*), unlike every other live block, and taken by
// the delete that fits.
inline void check_zero(const Form& form) {
  void* blocks[60];
  int count = 0;
  for (void*& block : blocks) {
    block = form.take(opaque(0));
    CHECK_BLOCK(block);
    if (form.alignment == wide_bytes) CHECK_ALIGNED(block, form.alignment);
    for (int i = 0; i < count; i++) CHECK(blocks[i] != block);
    count++;
  }
  for (void* block : blocks) form.give(block);
}
