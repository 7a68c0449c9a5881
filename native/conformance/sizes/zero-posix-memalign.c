// posix_memalign asked for 0 bytes gives unique, aligned blocks that free takes.
// @standard POSIX.1-2024, posix_memalign()
// @standard glibc manual, Malloc Examples
#include "zero.h"

int main(void) {
  check_zero(by_posix_memalign, entry_alignment);
  return 0;
}
