// aligned_alloc above PTRDIFF_MAX is null with ENOMEM: alignment plus size does not wrap.
// @standard C23 7.24.3.1
#include "../check.h"

int main(void) {
  static const size_t sizes[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 8192, SIZE_MAX - 4096, SIZE_MAX - 63, SIZE_MAX};
  for (size_t alignment = 8; alignment <= (size_t)1 << 21; alignment *= 2)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      check_case = sizes[i];
      errno = 0;
      CHECK_REFUSED(aligned_alloc(alignment, opaque(sizes[i] & ~(alignment - 1))));  // a multiple, as C11 wants it
    }
  return 0;
}
