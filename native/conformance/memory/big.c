// Blocks from 1 MiB to 3 GiB: writable at both ends and here and there between, distinct, sized right, freed again.
// @standard C23 7.24.3.6
#include <malloc.h>

#include "../machine.h"

int main(void) {
  NEED_MEMORY((unsigned long long)4 << 30);
  for (size_t size = (size_t)1 << 20; size <= (size_t)3 << 30; size = size * 7 / 4) {
    check_case = size;
    for (int kind = 0; kind < 3; kind++) {
      char* block = kind == 0   ? malloc(opaque(size))
                    : kind == 1 ? memalign(1 << 16, opaque(size))
                                : valloc(opaque(size));
      CHECK_BLOCK(block);
      CHECK_AT_LEAST(malloc_usable_size(block), size);
      for (size_t at = 0; at < size; at += size / 7) block[at] = (char)(at / 4096);
      block[size - 1] = 7;
      block = hide(block);
      for (size_t at = 0; at < size - 1; at += size / 7) CHECK_EQUAL(block[at], (char)(at / 4096));
      CHECK_EQUAL(block[size - 1], 7);
      free(block);
    }
  }
  char* block = calloc(opaque((size_t)64 << 20), 4);
  CHECK_BLOCK(block);
  for (size_t at = 0; at < (size_t)256 << 20; at += 1 << 20) CHECK_EQUAL(block[at], 0);
  CHECK_FILLED(block + ((size_t)256 << 20) - 8192, 8192, 0);
  free(block);
  return 0;
}
