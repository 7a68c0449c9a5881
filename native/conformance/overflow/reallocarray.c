// reallocarray whose product overflows is null with ENOMEM and leaves the block alone.
// @standard POSIX.1-2024, reallocarray()
#include "../check.h"

int main(void) {
  static const size_t pairs[][2] = {{SIZE_MAX, 2},         {SIZE_MAX / 2 + 1, 2},
                                    {SIZE_MAX / 4 + 2, 4}, {(size_t)1 << 32, (size_t)1 << 32},
                                    {SIZE_MAX, SIZE_MAX},  {(size_t)PTRDIFF_MAX / 8 + 1, 8}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    check_case = i + 1;
    errno = 0;
    CHECK_REFUSED(reallocarray(hide(NULL), opaque(pairs[i][0]), opaque(pairs[i][1])));
    void* block = malloc(200);
    CHECK_BLOCK(block);
    memset(block, 0x24, 200);
    errno = 0;
    CHECK_REFUSED(reallocarray(block, opaque(pairs[i][0]), opaque(pairs[i][1])));
    CHECK_FILLED(block, 200, 0x24);
    free(block);
  }
  return 0;
}
