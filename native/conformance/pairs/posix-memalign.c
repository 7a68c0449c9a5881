// Blocks of posix_memalign, small and large, are taken by free, by realloc to more, to less and to nothing, and by
// reallocarray.
// @standard POSIX.1-2024, posix_memalign()
// @standard C23 7.24.3.3
#include "pairs.h"

int main(void) {
  check_pairs(by_posix_memalign);
  return 0;
}
