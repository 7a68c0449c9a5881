// malloc_usable_size of null is 0.
// @standard malloc_usable_size(3), man-pages 6.03
#include <malloc.h>

#include "../check.h"

int main(void) {
  CHECK_EQUAL(malloc_usable_size(hide(NULL)), 0);
  return 0;
}
