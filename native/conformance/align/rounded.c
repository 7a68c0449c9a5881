// memalign and aligned_alloc of an alignment that is no power of two either refuse it with null and EINVAL, as the
// manual has it, or round it up to the next one, as glibc does.
// @standard glibc manual, Aligned Memory Blocks
#include <malloc.h>

#include "../check.h"

static size_t rounded(size_t alignment) {
  size_t power = 16;
  while (power < alignment) power *= 2;
  return power;
}

static void check_block(void* block, size_t alignment, size_t size) {
  if (!block) {
    CHECK_EQUAL(errno, EINVAL);
    return;
  }
  CHECK_ALIGNED(block, rounded(alignment));
  memset(block, 1, size);
  free(block);
}

int main(void) {
  static const size_t alignments[] = {3, 7, 17, 24, 33, 48, 100, 1000, 3000, 5000, 100000, 1500000};
  for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++)
    for (size_t size = 0; size < 10000; size = size * 3 + 1) {
      check_case = alignments[i];
      errno = 0;
      void* block = memalign(opaque(alignments[i]), size);
      check_block(block, alignments[i], size);
      errno = 0;
      block = aligned_alloc(opaque(alignments[i]), size);
      check_block(block, alignments[i], size);
    }
  return 0;
}
