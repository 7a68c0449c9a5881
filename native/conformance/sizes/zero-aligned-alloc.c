// aligned_alloc asked for 0 bytes gives unique, aligned blocks that free takes.
// @standard C23 7.24.3.1
// @standard glibc manual, Malloc Examples
#include "zero.h"

int main(void) {
  check_zero(by_aligned_alloc, entry_alignment);
  return 0;
}
