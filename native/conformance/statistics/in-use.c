// mallinfo2's uordblks tells the truth: it grows by about what was allocated and falls back after free.
// @standard glibc manual, Statistics for Memory Allocation with malloc
#include <malloc.h>

#include "../check.h"

enum { count = 3000, size = 3000 };

int main(void) {
  static void* blocks[count];
  free(malloc(size));
  size_t before = mallinfo2().uordblks;
  for (int i = 0; i < count; i++) {
    CHECK_BLOCK(blocks[i] = malloc(opaque(size)));
    *(char*)blocks[i] = 1;
  }
  size_t grown = mallinfo2().uordblks - before, asked = (size_t)count * size;
  CHECK_AT_LEAST(grown, asked);
  CHECK_AT_MOST(grown, asked + asked / 3);
  for (int i = 0; i < count; i += 2) free(blocks[i]);
  size_t half = mallinfo2().uordblks - before;
  CHECK_AT_LEAST(half, grown / 2 - 50000);
  CHECK_AT_MOST(half, grown / 2 + 50000);
  for (int i = 1; i < count; i += 2) free(blocks[i]);
  size_t after = mallinfo2().uordblks;
  CHECK_AT_MOST(after, before + 50000);
  CHECK_AT_LEAST(after + 50000, before);
  return 0;
}
