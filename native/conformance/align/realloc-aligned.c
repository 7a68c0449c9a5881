// Blocks of the aligned entry points can be given to realloc: content kept, larger and smaller, 16-byte aligned.
// @standard C23 7.24.3.7
#include <malloc.h>

#include "../random.h"

int main(void) {
  for (size_t alignment = 16; alignment <= (size_t)1 << 20; alignment *= 4)
    for (size_t size = 1; size < 400000; size = size * 5 + 3) {
      check_case = alignment;
      void* blocks[4] = {memalign(alignment, size), aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1)),
                         valloc(size), NULL};
      CHECK_EQUAL(posix_memalign(&blocks[3], alignment, size), 0);
      for (int i = 0; i < 4; i++) {
        CHECK_BLOCK(blocks[i]);
        pattern_fill(blocks[i], size, size);
        blocks[i] = realloc(blocks[i], opaque(size * 2 + 100));
        CHECK_BLOCK(blocks[i]);
        CHECK_ALIGNED(blocks[i], 16);
        CHECK_PATTERN(blocks[i], size, size);
        pattern_fill(blocks[i], size * 2 + 100, 3);
        blocks[i] = realloc(blocks[i], opaque(size / 2 + 1));
        CHECK_BLOCK(blocks[i]);
        CHECK_PATTERN(blocks[i], size / 2 + 1, 3);
      }
      for (int i = 0; i < 4; i++) free(blocks[i]);
    }
  return 0;
}
