// aligned_alloc keeps every power of two from 4 MiB to 1 GiB.
// @standard C23 7.24.3.1
#include "huge.h"

int main(void) {
  check_huge(aligned_alloc);
  return 0;
}
