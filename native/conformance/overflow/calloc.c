// calloc whose product overflows, or exceeds PTRDIFF_MAX, is null with ENOMEM.
// @standard C23 7.24.3.2
// @standard POSIX.1-2024, calloc()
#include "../check.h"

int main(void) {
  static const size_t pairs[][2] = {{SIZE_MAX, 2},
                                    {2, SIZE_MAX},
                                    {SIZE_MAX / 2 + 1, 2},
                                    {SIZE_MAX / 4 + 2, 4},
                                    {(size_t)1 << 32, (size_t)1 << 32},
                                    {((size_t)1 << 32) + 1, (size_t)1 << 32},
                                    {SIZE_MAX, SIZE_MAX},
                                    {SIZE_MAX / 16 + 1, 16},
                                    {(size_t)PTRDIFF_MAX / 8 + 1, 8},
                                    {1, SIZE_MAX - 15},
                                    {SIZE_MAX, 1}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    check_case = i + 1;
    errno = 0;
    CHECK_REFUSED(calloc(opaque(pairs[i][0]), opaque(pairs[i][1])));
  }
  return 0;
}
