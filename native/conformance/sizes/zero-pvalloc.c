// pvalloc asked for 0 bytes gives unique, aligned blocks that free takes.
// @standard memalign(3)
#include "zero.h"

int main(void) {
  check_zero(by_pvalloc, (size_t)sysconf(_SC_PAGESIZE));
  return 0;
}
