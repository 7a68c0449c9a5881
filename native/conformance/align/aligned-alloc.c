// aligned_alloc keeps alignments from 8 bytes to 2 MiB, for sizes that are a multiple of the alignment.
// @standard C23 7.24.3.1
#include "extended.h"

static void* allocate(size_t alignment, size_t size) {
  return aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1));
}

int main(void) {
  check_extended(allocate);
  return 0;
}
