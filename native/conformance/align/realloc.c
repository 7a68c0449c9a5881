// realloc aligns to 16 whatever the old size is and the new one from 16 up.
// @standard C23 7.24.3
// @standard glibc manual, Malloc Examples
#include "../check.h"

int main(void) {
  static void* blocks[4097];
  for (size_t size = 0; size <= 4096; size++) {
    check_case = size;
    blocks[size] = malloc(opaque(size ? 4097 - size : 1));
    CHECK_BLOCK(blocks[size]);
  }
  for (size_t size = 16; size <= 4096; size++) {
    check_case = size;
    blocks[size] = realloc(blocks[size], opaque(size));
    CHECK_BLOCK(blocks[size]);
    CHECK_ALIGNED(blocks[size], 16);
  }
  for (size_t i = 0; i <= 4096; i++) free(blocks[i]);
  return 0;
}
