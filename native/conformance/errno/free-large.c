// free keeps errno when it gives large blocks back to the kernel.
// @standard POSIX.1-2024, free()
#include <malloc.h>

#include "../check.h"

int main(void) {
  for (size_t size = 100000; size < (size_t)200 << 20; size = size * 3 / 2) {
    check_case = size;
    char* blocks[3] = {malloc(opaque(size)), calloc(1, opaque(size)), memalign(1 << 16, opaque(size))};
    for (int i = 0; i < 3; i++) {
      CHECK_BLOCK(blocks[i]);
      blocks[i][0] = blocks[i][size - 1] = 1;
    }
    for (int i = 0; i < 3; i++) {
      errno = ECHILD;
      free(blocks[i]);
      CHECK_EQUAL(errno, ECHILD);
    }
  }
  return 0;
}
