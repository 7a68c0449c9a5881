// realloc above PTRDIFF_MAX is null with ENOMEM, from null, from a small and from a large block.
// @standard C23 7.24.3.7
// @standard POSIX.1-2024, realloc()
#include "../check.h"

int main(void) {
  static const size_t sizes[] = {PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX - 15, SIZE_MAX};
  static const size_t starts[] = {0, 10, 2000, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    check_case = sizes[i];
    errno = 0;
    CHECK_REFUSED(realloc(hide(NULL), opaque(sizes[i])));
    for (size_t start = 0; start < 4; start++) {
      void* block = malloc(starts[start]);
      CHECK_BLOCK(block);
      memset(block, 0x42, starts[start]);
      errno = 0;
      CHECK_REFUSED(realloc(block, opaque(sizes[i])));
      CHECK_FILLED(block, starts[start], 0x42);
      free(block);
    }
  }
  return 0;
}
