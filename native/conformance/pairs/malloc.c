// Blocks of malloc, small and large, are taken by free, by realloc to more, to less and to nothing, and by
// reallocarray.
// @standard C23 7.24.3.6
// @standard C23 7.24.3.3
#include "pairs.h"

int main(void) {
  check_pairs(by_malloc);
  return 0;
}
