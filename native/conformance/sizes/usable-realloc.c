// After realloc the usable size covers the new size; content up to the old usable end survives growth.
// @standard malloc_usable_size(3)
#include <malloc.h>

#include "../random.h"

int main(void) {
  void* block = NULL;
  Random random = {5};
  for (size_t step = 1; step < 1500; step++) {
    size_t size = 1 + random_size(&random, step % 40 ? 9000 : 900000);
    check_case = step;
    size_t usable = malloc_usable_size(block);
    pattern_fill(block, usable, step);
    block = realloc(block, opaque(size));
    CHECK_BLOCK(block);
    CHECK_AT_LEAST(malloc_usable_size(block), size);
    CHECK_PATTERN(block, usable < size ? usable : size, step);
  }
  free(block);
  return 0;
}
