// calloc of 1 GiB takes pages from the system, which are zero already: it does not write to them.
// @standard glibc manual, The GNU Allocator
#include "../machine.h"

int main(void) {
  size_t size = (size_t)1 << 30;
  size_t before = resident_bytes();
  char* block = calloc(1, opaque(size));
  CHECK_BLOCK(block);
  CHECK_EQUAL(block[0] | block[size / 2] | block[size - 1], 0);
  CHECK_AT_MOST(resident_bytes(), before + ((size_t)64 << 20));
  free(block);
  return 0;
}
