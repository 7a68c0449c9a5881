// Blocks of memalign, small and large, are taken by free, by realloc to more, to less and to nothing, and by
// reallocarray.
// @standard glibc manual, Aligned Memory Blocks
// @standard C23 7.24.3.3
#include "pairs.h"

int main(void) {
  check_pairs(by_memalign);
  return 0;
}
