// calloc aligns to 16 for every size from 16 to 4096, with several blocks of each size alive at once. (Smaller ones:
// align/tiny.)
// @standard C23 7.24.3
// @standard glibc manual, Malloc Examples
#include "../check.h"

int main(void) {
  static void* blocks[4097 * 3];
  for (size_t size = 16; size <= 4096; size++)
    for (size_t i = 0; i < 3; i++) {
      check_case = size;
      void* block = blocks[size * 3 + i] = calloc(1, opaque(size));
      CHECK_BLOCK(block);
      CHECK_ALIGNED(block, 16);
    }
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
  for (size_t size = 5000; size < 5000000; size = size * 9 / 8) {
    check_case = size;
    void* block = calloc(1, opaque(size));
    CHECK_BLOCK(block);
    CHECK_ALIGNED(block, 16);
    free(block);
  }
  return 0;
}
