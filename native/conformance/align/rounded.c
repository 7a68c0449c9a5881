// memalign rounds an alignment that is no power of two up to the next one, as glibc does; aligned_alloc does the same
// in glibc up to 2.37 and refuses it with EINVAL from 2.38 on.
// @standard glibc manual, Aligned Memory Blocks
#include <gnu/libc-version.h>
#include <malloc.h>

#include "../check.h"

static size_t rounded(size_t alignment) {
  size_t power = 16;
  while (power < alignment) power *= 2;
  return power;
}

int main(void) {
  static const size_t alignments[] = {3, 7, 17, 24, 33, 48, 100, 1000, 3000, 5000, 100000, 1500000};
  int may_refuse = atoi(gnu_get_libc_version() + 2) >= 38;
  for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++)
    for (size_t size = 0; size < 10000; size = size * 3 + 1) {
      check_case = alignments[i];
      void* block = memalign(opaque(alignments[i]), size);
      CHECK_BLOCK(block);
      CHECK_ALIGNED(block, rounded(alignments[i]));
      memset(block, 1, size);
      free(block);
      errno = 0;
      block = aligned_alloc(opaque(alignments[i]), size);
      if (!block && may_refuse && errno == EINVAL) continue;
      CHECK_BLOCK(block);
      CHECK_ALIGNED(block, rounded(alignments[i]));
      memset(block, 1, size);
      free(block);
    }
  return 0;
}
