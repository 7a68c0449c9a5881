// abort ends a program by SIGABRT, also while other threads allocate.
// @standard C23 7.24.4.1
#include "../children.h"
#include "../threads.h"

static void check_aborts(size_t threads) {
  pid_t child = child_fork();
  if (child == 0) {
    if (threads) crew_begin(threads);
    free(malloc(100));
    abort();
  }
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  if (!WIFSIGNALED(status)) FAIL("abort, expected signal %d, got status %d", SIGABRT, WEXITSTATUS(status));
  CHECK_EQUAL(WTERMSIG(status), SIGABRT);
}

int main(void) {
  struct rlimit none = {0, 0};
  CHECK_EQUAL(setrlimit(RLIMIT_CORE, &none), 0);
  deadline(30);
  for (int round = 0; round < 5; round++) {
    check_aborts(0);
    check_aborts(2);
  }
  return 0;
}
