// 150 forks with busy threads, and a linked library whose constructor, which runs before the heap's, registered atfork
// handlers that allocate.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
// @link early-atfork
#include "atfork.h"

int main(void) {
  check_forks_with_handlers(150);
  return 0;
}
