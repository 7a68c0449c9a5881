// malloc_usable_size of a block of pvalloc covers whole pages, and the block is writable to that end, as a fortified
// program writes.
// @standard memalign(3)
// @standard malloc_usable_size(3), man-pages 6.03
#include "usable.h"

int main(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (size_t size = 1; size < 500000; size = size * 3 / 2 + 1) {
    void* block = pvalloc(opaque(size));
    CHECK_BLOCK(block);
    CHECK_AT_LEAST(malloc_usable_size(block), (size + page - 1) / page * page);
    free(block);
    check_usable_size(by_pvalloc, size);
  }
  return 0;
}
