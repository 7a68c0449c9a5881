// fork in a signal handler that has interrupted the heap, in a process with one thread, as POSIX allowed until 2024 and
// crash reporters do. One child ends at once, every eighth returns from the handler into the call that was interrupted.
#include <sys/time.h>

#include "children.h"
#include "random.h"

enum { forks = 48, blocks = 64, steps = 400 };

static volatile sig_atomic_t forked, in_child;

static void on_timer(int number) {
  (void)number;
  if (in_child || forked == forks) return;
  int kept = errno;
  forked++;
  pid_t child = fork();
  if (child == 0) {
    if (forked % 8 != 0) _exit(6);
    in_child = 1;
    alarm(child_seconds);
  } else {
    CHECK_CHILD(child, 6);
  }
  errno = kept;
}

int main(void) {
  deadline(30);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_timer;
  CHECK_EQUAL(sigaction(SIGVTALRM, &action, NULL), 0);
  struct itimerval timer = {{0, 1000}, {0, 1000}};
  CHECK_EQUAL(setitimer(ITIMER_VIRTUAL, &timer, NULL), 0);
  void* block[blocks] = {NULL};
  Random random = {7};
  for (int left = steps; forked < forks || in_child;) {
    if (in_child && left-- == 0) _exit(6);
    size_t at = random_below(&random, blocks), size = 32 + random_size(&random, 2000);
    CHECK_FILLED(block[at], block[at] ? 32 : 0, at);
    free(block[at]);
    CHECK_BLOCK(block[at] = random_below(&random, 4) ? malloc(size) : aligned_alloc(64, size / 64 * 64 + 64));
    memset(block[at], (int)at, 32);
  }
  for (size_t at = 0; at < blocks; at++) free(block[at]);
  return 0;
}
