// calloc with a zero count, a zero size or both gives unique blocks that free takes.
// @standard C23 7.24.3
// @standard glibc manual, Allocating Cleared Space
#include "../check.h"

int main(void) {
  static void* blocks[300];
  for (size_t i = 0; i < 300; i += 3) {
    blocks[i] = calloc(opaque(0), i);
    blocks[i + 1] = calloc(i, opaque(0));
    blocks[i + 2] = calloc(opaque(0), SIZE_MAX);
  }
  for (size_t i = 0; i < 300; i++) {
    CHECK_BLOCK(blocks[i]);
    for (size_t j = 0; j < i; j++) CHECK(blocks[i] != blocks[j]);
  }
  for (size_t i = 0; i < 300; i++) free(blocks[i]);
  return 0;
}
