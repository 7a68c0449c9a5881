// memalign asked for 0 bytes gives unique, aligned blocks that free takes.
// @standard glibc manual, Aligned Memory Blocks
#include "zero.h"

int main(void) {
  check_zero(by_memalign, entry_alignment);
  return 0;
}
