// memalign keeps alignments from 8 bytes to 2 MiB, for sizes smaller and larger than the alignment.
// @standard glibc manual, Aligned Memory Blocks
#include "extended.h"

static void* allocate(size_t alignment, size_t size) { return memalign(alignment, size); }

int main(void) {
  check_extended(allocate);
  return 0;
}
