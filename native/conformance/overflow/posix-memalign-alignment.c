// posix_memalign returns EINVAL for an alignment that is 0, no power of two, or no multiple of a pointer's size, and
// does not touch the pointer.
// @standard POSIX.1-2024, posix_memalign()
#include "../check.h"

int main(void) {
  static const size_t alignments[] = {0, 1, 2, 3, 4, 5, 7, 9, 12, 15, 17, 24, 40, 48, 96, 4095, 4104, SIZE_MAX};
  int marker;
  for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++) {
    check_case = alignments[i];
    void* block = &marker;
    CHECK_EQUAL(posix_memalign(&block, opaque(alignments[i]), 100), EINVAL);
    CHECK(block == &marker);
    CHECK_EQUAL(posix_memalign(&block, opaque(alignments[i]), 0), EINVAL);
    CHECK(block == &marker);
  }
  for (size_t alignment = sizeof(void*); alignment <= 65536; alignment *= 2) {
    check_case = alignment;
    void* block = NULL;
    CHECK_EQUAL(posix_memalign(&block, opaque(alignment), 100), 0);
    CHECK_BLOCK(block);
    CHECK_ALIGNED(block, alignment);
    free(block);
  }
  return 0;
}
