// Under RLIMIT_AS pvalloc refuses a block that does not fit with null and ENOMEM, and goes on to give smaller ones.
// @standard memalign(3)
// @standard POSIX.1-2024, setrlimit()
#include "refused.h"

int main(void) {
  check_refused(by_pvalloc);
  return 0;
}
