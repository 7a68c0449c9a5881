// aligned_alloc keeps alignments from 8 bytes to 2 MiB, also for sizes that are no multiple of the
// alignment, which the first C11 forbade and glibc takes.
#include "extended.h"

static void* allocate(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

int main(void) {
  check_extended(allocate);
  return 0;
}
