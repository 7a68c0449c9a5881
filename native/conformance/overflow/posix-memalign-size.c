// posix_memalign returns ENOMEM for a size above PTRDIFF_MAX and does not touch the pointer.
// @standard POSIX.1-2024, posix_memalign()
#include "../check.h"

int main(void) {
  static const size_t sizes[] = {PTRDIFF_MAX,     (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096,
                                 SIZE_MAX - 4095, SIZE_MAX - 63,           SIZE_MAX};
  int marker;
  for (size_t alignment = sizeof(void*); alignment <= (size_t)1 << 21; alignment *= 2)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      check_case = sizes[i];
      void* block = &marker;
      CHECK_EQUAL(posix_memalign(&block, alignment, opaque(sizes[i])), ENOMEM);
      CHECK(block == &marker);
    }
  return 0;
}
