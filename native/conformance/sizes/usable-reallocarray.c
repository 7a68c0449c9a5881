// malloc_usable_size of a block of reallocarray is at least what was asked, and the block is writable to that end, as
// a fortified program writes.
// @standard malloc_usable_size(3), man-pages 6.03
#include "usable.h"

int main(void) {
  check_usable(by_reallocarray);
  return 0;
}
