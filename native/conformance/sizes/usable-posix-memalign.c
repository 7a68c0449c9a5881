// malloc_usable_size of a block of posix_memalign is at least what was asked, and the block is writable to that end,
// also where the program is fortified.
// @standard malloc_usable_size(3), man-pages 6.03
#include "usable.h"

int main(void) {
  check_usable(by_posix_memalign);
  return 0;
}
