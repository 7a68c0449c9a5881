// Under RLIMIT_AS valloc refuses a block that does not fit with null and ENOMEM, and goes on to give smaller ones.
// @standard glibc manual, Aligned Memory Blocks
// @standard POSIX.1-2024, setrlimit()
#include "refused.h"

int main(void) {
  check_refused(by_valloc);
  return 0;
}
