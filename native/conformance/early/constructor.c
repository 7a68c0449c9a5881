// A constructor of the highest priority allocates with every entry point; main resizes and frees what it made.
// @standard glibc manual, Replacing malloc
#include <malloc.h>

#include "../check.h"

static void* blocks[6];

__attribute__((constructor(101))) static void allocate_early(void) {
  blocks[0] = malloc(1000);
  blocks[1] = calloc(10, 100);
  blocks[2] = realloc(malloc(10), 1000);
  blocks[3] = memalign(256, 1000);
  blocks[4] = aligned_alloc(64, 1024);
  CHECK_EQUAL(posix_memalign(&blocks[5], 4096, 1000), 0);
  free(malloc(500000));
  for (int i = 0; i < 6; i++) {
    CHECK_BLOCK(blocks[i]);
    CHECK_AT_LEAST(malloc_usable_size(blocks[i]), 1000);
    memset(blocks[i], i + 1, 1000);
  }
}

int main(void) {
  for (int i = 0; i < 6; i++) {
    CHECK_FILLED(blocks[i], 1000, i + 1);
    if (i % 2) CHECK_BLOCK(blocks[i] = realloc(blocks[i], 20000));
    CHECK_FILLED(blocks[i], 1000, i + 1);
    free(blocks[i]);
  }
  return 0;
}
