// The same with the library preloaded behind the heap: its constructor runs before the heap's.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
// @preload early-atfork
#include "atfork.h"

int main(void) {
  check_forks_with_handlers(100);
  return 0;
}
