// Blocks of aligned_alloc, small and large, are taken by free, by realloc to more, to less and to nothing, and by
// reallocarray.
// @standard C23 7.24.3.1
// @standard C23 7.24.3.3
#include "pairs.h"

int main(void) {
  check_pairs(by_aligned_alloc);
  return 0;
}
