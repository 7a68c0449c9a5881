// posix_memalign keeps every power of two from 4 MiB to 1 GiB.
// @standard POSIX.1-2024, posix_memalign()
#include "huge.h"

static void* allocate(size_t alignment, size_t size) {
  void* block = NULL;
  CHECK_EQUAL(posix_memalign(&block, alignment, size), 0);
  return block;
}

int main(void) {
  check_huge(allocate);
  return 0;
}
