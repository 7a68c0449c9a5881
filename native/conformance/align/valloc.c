// valloc aligns to the page size of the running kernel.
// @standard glibc manual, Aligned Memory Blocks
#include <malloc.h>

#include "../check.h"

int main(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (size_t size = 1; size < 3000000; size = size * 3 / 2 + 1) {
    check_case = size;
    char* one = valloc(opaque(size));
    char* two = valloc(opaque(size));
    CHECK_BLOCK(one);
    CHECK_BLOCK(two);
    CHECK_ALIGNED(one, page);
    CHECK_ALIGNED(two, page);
    CHECK_AT_LEAST(malloc_usable_size(two), size);
    memset(one, 1, size);
    memset(two, 2, size);
    CHECK_FILLED(one, size, 1);
    free(one);
    free(two);
  }
  return 0;
}
