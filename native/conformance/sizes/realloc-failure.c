// A realloc that fails returns null and leaves the block as it was, usable and freeable.
// @standard C23 7.24.3.7
#include <malloc.h>

#include "../random.h"

int main(void) {
  for (size_t size = 1; size < 2000000; size = size * 2 + 1) {
    check_case = size;
    void* block = malloc(opaque(size));
    CHECK_BLOCK(block);
    pattern_fill(block, size, size);
    CHECK_NULL(realloc(block, opaque((size_t)PTRDIFF_MAX - 100)));
    CHECK_NULL(realloc(block, opaque((size_t)PTRDIFF_MAX + 1)));
    CHECK_NULL(realloc(block, opaque(SIZE_MAX)));
    CHECK_PATTERN(block, size, size);
    CHECK_AT_LEAST(malloc_usable_size(block), size);
    pattern_fill(block, size, size + 1);
    block = realloc(block, opaque(size + 1));
    CHECK_BLOCK(block);
    CHECK_PATTERN(block, size, size + 1);
    free(block);
  }
  return 0;
}
