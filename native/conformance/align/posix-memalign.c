// posix_memalign keeps alignments from 8 bytes to 2 MiB.
// @standard POSIX.1-2024, posix_memalign()
#include "extended.h"

static void* allocate(size_t alignment, size_t size) {
  void* block = NULL;
  CHECK_EQUAL(posix_memalign(&block, alignment, size), 0);
  return block;
}

int main(void) {
  check_extended(allocate);
  return 0;
}
