// The body of the programs on the alignment of one form of plain new.
#pragma once

#include "../operators/forms.h"

// Every size from 16 to 4096, all alive at once; smaller ones with `from` 0.
inline void check_plain_form(const Form& form, size_t from, size_t to) {
  static void* blocks[4097];
  for (size_t size = from; size <= to; size++) {
    check_case = size;
    blocks[size] = form.take(opaque(size));
    CHECK_BLOCK(blocks[size]);
    CHECK_ALIGNED(blocks[size], __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  }
  for (size_t size = from; size <= to; size++) form.give(blocks[size]);
}
