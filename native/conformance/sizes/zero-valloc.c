// valloc asked for 0 bytes gives unique, aligned blocks that free takes.
// @standard glibc manual, Aligned Memory Blocks
#include "zero.h"

int main(void) {
  check_zero(by_valloc, (size_t)sysconf(_SC_PAGESIZE));
  return 0;
}
