// fork from within atfork handlers, while other threads allocate: each of the three kinds forks once, and every child
// frees its parent's blocks, allocates and starts a thread.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
#include <gnu/libc-version.h>

#include "../children.h"
#include "../threads.h"

static int depth, kind;

static void* allocates(void* argument) {
  free(argument);
  return malloc(100);
}

static void fork_within(int here) {
  free(malloc(500));
  if (depth != 0 || kind != here) return;
  depth = 1;
  void* mine[4];
  parents_blocks_make(mine, 4);
  pid_t child = child_fork();
  if (child == 0) {
    child_work(mine, 4);
    free(thread_join(thread_start(allocates, malloc(30))));
    _exit(0);
  }
  parents_blocks_free(mine, 4);
  CHECK_CHILD(child, 0);
  depth = 0;
}

static void before(void) { fork_within(0); }
static void in_parent(void) { fork_within(1); }
static void in_child(void) { fork_within(2); }

int main(void) {
  // Up to 2.35 libc holds a lock while handlers run, which a fork within them takes again.
  if (atoi(gnu_get_libc_version() + 2) < 36) SKIP("glibc before 2.36 cannot fork within an atfork handler");
  deadline(30);
  CHECK_EQUAL(pthread_atfork(before, in_parent, in_child), 0);
  crew_begin(3);
  for (int i = 0; i < 30; i++) {
    kind = i % 3;
    child_works();
  }
  crew_end();
  return 0;
}
