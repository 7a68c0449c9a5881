// 300 forks with busy threads, and a linked library whose early constructor registered atfork handlers that allocate.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
// @link early-atfork
#include "atfork.h"

int main(void) {
  check_forks_with_handlers(300);
  return 0;
}
