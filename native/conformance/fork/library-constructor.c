// A linked library forks in its constructor while its threads allocate: that runs before the heap's constructor, and
// the heap's lock must be held all the same.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
// @link early-fork
#include "../check.h"

extern int early_forks;

int main(void) {
  CHECK_EQUAL(early_forks, 100);
  return 0;
}
