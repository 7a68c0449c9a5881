// mallinfo2 counts large blocks too: uordblks and hblkhd together grow by what was allocated and fall when it is freed.
// @standard glibc manual, Statistics for Memory Allocation with malloc
#include <malloc.h>

#include "../check.h"

enum { count = 8, size = 8 << 20 };

static size_t in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

int main(void) {
  void* blocks[count];
  size_t before = in_use(), asked = (size_t)count * size;
  for (int i = 0; i < count; i++) CHECK_BLOCK(blocks[i] = malloc(opaque(size)));
  size_t grown = in_use() - before;
  CHECK_AT_LEAST(grown, asked);
  CHECK_AT_MOST(grown, asked * 2 + asked / 3);  // where a large block is counted in both
  for (int i = 0; i < count; i++) free(blocks[i]);
  CHECK_AT_MOST(in_use(), before + asked / 4);
  return 0;
}
