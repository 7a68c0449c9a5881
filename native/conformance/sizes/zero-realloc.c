// realloc of a null pointer and 0 bytes gives unique blocks that free takes.
// @standard glibc manual, Changing Block Size
#include "zero.h"

int main(void) {
  check_zero(by_realloc, 1);
  return 0;
}
