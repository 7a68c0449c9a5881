// _Fork runs no atfork handlers: its child does async-signal-safe things only; the parent goes on allocating.
// @standard POSIX.1-2024, _Fork()
#include "../children.h"
#include "../threads.h"

extern pid_t _Fork(void) __attribute__((weak));

static int handled;

static void on_fork(void) { handled++; }

int main(void) {
  if (!_Fork) SKIP("libc has no _Fork");
  CHECK_EQUAL(pthread_atfork(on_fork, on_fork, on_fork), 0);
  deadline(30);
  crew_begin(4);
  for (int i = 0; i < 80; i++) {
    void* mine[8];
    parents_blocks_make(mine, 8);
    pid_t child = _Fork();
    if (child == 0) _exit(write(2, "", 0) == 0 ? 6 : 5);
    CHECK(child > 0);
    parents_blocks_free(mine, 8);
    CHECK_CHILD(child, 6);
  }
  crew_end();
  CHECK_EQUAL(handled, 0);
  return 0;
}
