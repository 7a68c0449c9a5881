// Blocks above 4 GiB, whose size does not fit 32 bits: malloc, realloc and usable size get them right.
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
  CHECK_EQUAL(block[0], 1);
  CHECK_EQUAL(block[100], 2);
  free(block);
  size = (size_t)6 << 30;
  block = memalign(4096, opaque(size));
  CHECK_BLOCK(block);
  block[0] = 4;
  block[size - 1] = 5;
  CHECK_EQUAL(block[0], 4);
  CHECK_AT_LEAST(malloc_usable_size(block), size);
  free(block);
  return 0;
}
