// An alignment too large to be rounded up to a power of two is EINVAL and null; 2^63, which is one, is ENOMEM.
// @standard glibc manual, Aligned Memory Blocks
#include <malloc.h>

#include "../check.h"

static void refused(void* block, int number) {
  int got = errno;
  CHECK_NULL(block);
  CHECK_EQUAL(got, number);
}

int main(void) {
  static const size_t alignments[] = {SIZE_MAX / 2 + 2, SIZE_MAX / 4 * 3, SIZE_MAX - 1, SIZE_MAX};
  for (size_t i = 0; i < 4; i++) {
    check_case = alignments[i];
    errno = 0;
    refused(memalign(opaque(alignments[i]), 10), EINVAL);
    errno = 0;
    refused(aligned_alloc(opaque(alignments[i]), 10), EINVAL);
  }
  errno = 0;
  refused(memalign(opaque(SIZE_MAX / 2 + 1), 10), ENOMEM);
  return 0;
}
