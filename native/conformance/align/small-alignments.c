// memalign and aligned_alloc with alignments from 1 to 16 behave as malloc: aligned to 16.
// @standard glibc manual, Aligned Memory Blocks
#include <malloc.h>

#include "../check.h"

int main(void) {
  for (size_t alignment = 1; alignment <= 16; alignment *= 2)
    for (size_t size = 16; size < 300; size++) {
      check_case = size;
      void* blocks[2] = {memalign(opaque(alignment), size), aligned_alloc(opaque(alignment), size)};
      for (int i = 0; i < 2; i++) {
        CHECK_BLOCK(blocks[i]);
        CHECK_ALIGNED(blocks[i], 16);
        memset(blocks[i], 1, size);
      }
      free(blocks[0]);
      free(blocks[1]);
    }
  return 0;
}
