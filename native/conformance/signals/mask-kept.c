// Allocating and freeing leaves the thread's signal mask as it was.
// @standard POSIX.1-2024, pthread_sigmask()
#include <pthread.h>

#include "../check.h"

static void check_mask(const sigset_t* expected) {
  sigset_t now;
  CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
  for (int number = 1; number < 65; number++) {
    check_case = (size_t)number;
    CHECK_EQUAL(sigismember(&now, number), sigismember(expected, number));
  }
}

int main(void) {
  sigset_t mine;
  sigemptyset(&mine);
  sigaddset(&mine, SIGUSR1);
  sigaddset(&mine, SIGWINCH);
  CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, &mine, NULL), 0);
  void* blocks[400];
  for (size_t i = 0; i < 400; i++) {
    CHECK_BLOCK(blocks[i] = malloc(i * i * 10));
    check_mask(&mine);
  }
  for (size_t i = 0; i < 400; i++) {
    free(blocks[i]);
    check_mask(&mine);
  }
  return 0;
}
