// malloc above PTRDIFF_MAX, and near it, is null with ENOMEM; the heap goes on working.
// @standard C23 7.24.3.6
// @standard POSIX.1-2024, malloc()
#include "../check.h"

int main(void) {
  static const size_t sizes[] = {(size_t)PTRDIFF_MAX - 4096,
                                 PTRDIFF_MAX,
                                 (size_t)PTRDIFF_MAX + 1,
                                 SIZE_MAX / 2 + 4096,
                                 SIZE_MAX - 8192,
                                 SIZE_MAX - 4096,
                                 SIZE_MAX - 4095,
                                 SIZE_MAX - 64,
                                 SIZE_MAX - 16,
                                 SIZE_MAX - 15,
                                 SIZE_MAX - 7,
                                 SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    check_case = sizes[i];
    errno = 0;
    CHECK_REFUSED(malloc(opaque(sizes[i])));
    void* block = malloc(100);
    CHECK_BLOCK(block);
    free(block);
  }
  return 0;
}
