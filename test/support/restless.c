// A tree of processes that does not want to be caught, for the tests of ending trees. Everything in it ignores SIGTERM,
// and ends by itself after 20 seconds, so that a failing test leaves nothing behind.
//
//   restless hop N     N processes that each fork and exit, again and again: nobody lives longer than an instant
//   restless bomb N    every process forks children without end, until N were made in all
//   restless chain N   each process forks one and stays: a chain of parents, N long
//   restless guard N   N daemons in sessions of their own; a guard forks a new one for each that dies

#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static time_t end_time;

static int over(void) { return time(NULL) >= end_time; }

static void stay(void) {
  while (!over()) usleep(100000);
  _exit(0);
}

static void hop(void) {
  while (!over()) {
    pid_t pid = fork();
    if (pid > 0) _exit(0);
    if (pid < 0) usleep(1000);
  }
  _exit(0);
}

static void bomb(long limit) {
  long* made = mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  while (!over()) {
    if (__atomic_load_n(made, __ATOMIC_RELAXED) >= limit) {
      usleep(1000);
    } else if (fork() == 0) {
      __atomic_add_fetch(made, 1, __ATOMIC_RELAXED);
    }
  }
  _exit(0);
}

static void chain(long length) {
  while (length-- > 0 && fork() == 0) {
  }
  stay();
}

static void guard(long count) {
  for (long i = 0; i < count; ++i) {
    if (fork() == 0) {
      setsid();
      stay();
    }
  }
  while (!over()) {
    if (wait(NULL) > 0 && fork() == 0) {
      setsid();
      stay();
    }
  }
  _exit(0);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  long count = atol(argv[2]);
  end_time = time(NULL) + 20;
  signal(SIGTERM, SIG_IGN);
  if (strcmp(argv[1], "hop") == 0) {
    for (long i = 0; i < count; ++i) {
      if (fork() == 0) hop();
    }
    stay();
  }
  if (strcmp(argv[1], "bomb") == 0) bomb(count);
  if (strcmp(argv[1], "chain") == 0) chain(count);
  if (strcmp(argv[1], "guard") == 0) guard(count);
  return 2;
}
