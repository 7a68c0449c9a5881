// pvalloc aligns to the page size of the running kernel, and its block is good for whole pages; free and realloc take
// it.
// @standard memalign(3)
#include <malloc.h>

#include "../check.h"

int main(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (size_t size = 1; size < 3000000; size = size * 3 / 2 + 1) {
    check_case = size;
    size_t whole = (size + page - 1) / page * page;
    char* one = pvalloc(opaque(size));
    char* two = pvalloc(opaque(size));
    CHECK_BLOCK(one);
    CHECK_BLOCK(two);
    CHECK_ALIGNED(one, page);
    CHECK_ALIGNED(two, page);
    CHECK_AT_LEAST(malloc_usable_size(two), whole);
    memset(one, 1, whole);
    memset(two, 2, whole);
    CHECK_FILLED(one, whole, 1);
    free(one);
    two = realloc(two, size * 2);
    CHECK_BLOCK(two);
    CHECK_FILLED(two, size, 2);
    free(two);
  }
  return 0;
}
