// 100 forks with busy threads, and a library preloaded in front of the heap, whose constructor, which runs after the
// heap's, registered atfork handlers that allocate.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
// @preload-first early-atfork
#include "atfork.h"

int main(void) {
  check_forks_with_handlers(100);
  return 0;
}
