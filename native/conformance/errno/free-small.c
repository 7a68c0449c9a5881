// free keeps errno, for null and for blocks of every small size.
// @standard POSIX.1-2024, free()
#include "../check.h"

int main(void) {
  errno = ERANGE;
  free(hide(NULL));
  CHECK_EQUAL(errno, ERANGE);
  static void* blocks[5000];
  for (size_t i = 0; i < 5000; i++) CHECK_BLOCK(blocks[i] = malloc(opaque(i)));
  for (size_t i = 0; i < 5000; i++) {
    check_case = i;
    errno = (int)(i % 100) + 1;
    free(blocks[i]);
    CHECK_EQUAL(errno, (int)(i % 100) + 1);
  }
  return 0;
}
