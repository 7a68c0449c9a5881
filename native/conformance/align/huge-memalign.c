// memalign keeps every power of two from 4 MiB to 1 GiB.
// @standard glibc manual, Aligned Memory Blocks
#include <malloc.h>

#include "huge.h"

int main(void) {
  check_huge(memalign);
  return 0;
}
