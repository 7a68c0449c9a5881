// _exit ends a program at once with its status, while other threads allocate; no handler runs.
// @standard POSIX.1-2024, _exit()
#include "../children.h"
#include "../threads.h"

static void handler(void) { _exit(99); }

int main(void) {
  deadline(30);
  for (int round = 0; round < 10; round++) {
    pid_t child = child_fork();
    if (child == 0) {
      CHECK_EQUAL(atexit(handler), 0);
      if (round % 2) crew_begin(2);
      free(malloc(100));
      _exit(17 + round);
    }
    CHECK_CHILD(child, 17 + round);
  }
  return 0;
}
