// Under RLIMIT_AS calloc refuses a block that does not fit with null and ENOMEM, and goes on to give smaller ones.
// @standard C23 7.24.3.2
// @standard POSIX.1-2024, setrlimit()
#include "refused.h"

int main(void) {
  check_refused(by_calloc);
  return 0;
}
