// A timer's signals interrupt allocation at any instruction for a third of a second; the handler does
// async-signal-safe things only. Interrupted system calls inside the heap do no harm.
// @standard POSIX.1-2024, sigaction()
// @standard POSIX.1-2024, Signal Concepts 2.4.3
#include <sys/time.h>

#include "../random.h"

static volatile sig_atomic_t alarms;

static void on_alarm(int number) {
  (void)number;
  int kept = errno;
  alarms++;
  if (write(-1, "", 1) >= 0) _exit(5);
  errno = kept;
}

int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_alarm;
  CHECK_EQUAL(sigaction(SIGALRM, &action, NULL), 0);
  struct itimerval timer = {{0, 300}, {0, 300}};
  CHECK_EQUAL(setitimer(ITIMER_REAL, &timer, NULL), 0);
  enum { count = 100 };
  void* blocks[count] = {NULL};
  size_t size[count] = {0};
  Random random = {12};
  size_t step = 0;
  while (alarms < 800 && step < 3000000) {
    size_t at = random_below(&random, count);
    CHECK_FILLED(blocks[at], size[at] < 32 ? size[at] : 32, at);
    size[at] = 1 + random_size(&random, ++step % 100 ? 3000 : 3000000);
    free(blocks[at]);
    CHECK_BLOCK(blocks[at] = malloc(size[at]));
    memset(blocks[at], (int)at, size[at] < 32 ? size[at] : 32);
  }
  timer = (struct itimerval){{0, 0}, {0, 0}};
  CHECK_EQUAL(setitimer(ITIMER_REAL, &timer, NULL), 0);
  CHECK_AT_LEAST(alarms, 10);
  for (int at = 0; at < count; at++) free(blocks[at]);
  return 0;
}
