// C23's free_sized takes the blocks of malloc, calloc and realloc with their sizes, and keeps errno. It is skipped
// where neither libc nor the heap has it (glibc has it from 2.43 on).
// @standard C23 7.24.3.4
#include "sized.h"

int main(void) {
  FreeSized* free_sized = (FreeSized*)sized_function("free_sized");
  if (!free_sized) LACKS("neither libc nor the heap has free_sized");
  for (size_t size = 0; size < 5000000; size = size * 3 + 1) {
    check_case = size;
    void* blocks[3] = {malloc(opaque(size)), calloc(1, opaque(size)), realloc(malloc(1), size + 1)};
    for (int i = 0; i < 3; i++) {
      CHECK_BLOCK(blocks[i]);
      memset(blocks[i], 1, size);
      errno = EXDEV;
      free_sized(blocks[i], i < 2 ? size : size + 1);
      CHECK_EQUAL(errno, EXDEV);
    }
  }
  return 0;
}
