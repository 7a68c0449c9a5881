// aligned_alloc keeps alignments from 8 bytes to 2 MiB, also for sizes that are no multiple of the
// alignment, which the first C11 forbade and glibc takes.
// @standard C23 7.24.3.1
// @standard glibc manual, Aligned Memory Blocks
#include "extended.h"

static void* allocate(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

int main(void) {
  check_extended(allocate);
  return 0;
}
