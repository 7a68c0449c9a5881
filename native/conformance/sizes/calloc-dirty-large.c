// calloc's memory is zero also for large blocks that take the place of written and freed ones.
// @standard C23 7.24.3.2
#include "../check.h"

int main(void) {
  for (size_t size = 150000; size < (size_t)20 << 20; size = size * 7 / 4) {
    check_case = size;
    for (size_t round = 0; round < 3; round++) {
      void* dirty = malloc(opaque(size + round * 4096));
      CHECK_BLOCK(dirty);
      memset(dirty, 0xdd, size);
      free(dirty);
      unsigned char* clean = calloc(opaque(size / 8), 8);
      CHECK_BLOCK(clean);
      CHECK_FILLED(clean, size / 8 * 8, 0);
      memset(clean, 0xee, size / 8 * 8);
      free(clean);
    }
  }
  return 0;
}
