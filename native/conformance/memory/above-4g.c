// Blocks above 4 GiB, whose size does not fit 32 bits: malloc, memalign, realloc and usable size get them right.
// @standard C23 7.24.3.6
#include <malloc.h>

#include "../machine.h"

int main(void) {
  NEED_MEMORY((unsigned long long)12 << 30);
  size_t size = ((size_t)4 << 30) + 100;
  char* block = malloc(opaque(size));
  CHECK_BLOCK(block);
  CHECK_AT_LEAST(malloc_usable_size(block), size);
  block[0] = 1;
  block[100] = 2;
  block[size - 1] = 3;
  block = hide(block);
  CHECK_EQUAL(block[0], 1);
  CHECK_EQUAL(block[100], 2);
  CHECK_EQUAL(block[size - 1], 3);
  free(block);
  block = malloc(100);
  CHECK_BLOCK(block);
  memset(block, 9, 100);
  block = realloc(block, opaque(size));
  CHECK_BLOCK(block);
  CHECK_FILLED(block, 100, 9);
  CHECK_AT_LEAST(malloc_usable_size(block), size);
  // Smaller again, and not larger still: a heap that copies would fill 4 GiB.
  const size_t kept = (size_t)64 << 20;
  block[100] = 5;
  block[kept - 1] = 6;
  block[size - 1] = 7;
  block = hide(block);
  CHECK_EQUAL(block[100], 5);
  CHECK_EQUAL(block[kept - 1], 6);
  CHECK_EQUAL(block[size - 1], 7);
  block = realloc(block, opaque(kept));
  CHECK_BLOCK(block);
  CHECK_FILLED(block, 100, 9);
  CHECK_EQUAL(block[100], 5);
  CHECK_EQUAL(block[kept - 1], 6);
  free(block);
  size = (size_t)6 << 30;
  block = memalign(4096, opaque(size));
  CHECK_BLOCK(block);
  block[0] = 4;
  block[size - 1] = 5;
  block = hide(block);
  CHECK_EQUAL(block[0], 4);
  CHECK_EQUAL(block[size - 1], 5);
  CHECK_AT_LEAST(malloc_usable_size(block), size);
  free(block);
  return 0;
}
