// Under RLIMIT_AS reallocarray refuses a block that does not fit with null and ENOMEM, and goes on to give smaller
// ones.
// @standard POSIX.1-2024, reallocarray()
// @standard POSIX.1-2024, setrlimit()
#include "refused.h"

int main(void) {
  check_refused(by_reallocarray);
  return 0;
}
