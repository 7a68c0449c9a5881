// Blocks of calloc smaller than 16 bytes, also empty ones, are aligned to 16 as glibc does it.
// @standard glibc manual, Malloc Examples
#include "tiny.h"

int main(void) {
  check_tiny(by_calloc);
  return 0;
}
