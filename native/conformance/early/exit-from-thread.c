// A thread that is not main calls exit while others allocate: handlers, which use the heap, run in it.
// @standard C23 7.24.4.4
// @standard POSIX.1-2024, exit()
#include "../children.h"
#include "../threads.h"

static char* kept;

static void handler(void) {
  CHECK_FILLED(kept, 3000, 0x61);
  free(kept);
  free(malloc(70000));
}

static void* body(void* argument) {
  (void)argument;
  CHECK_BLOCK(kept = malloc(3000));
  memset(kept, 0x61, 3000);
  exit(33);
}

int main(void) {
  deadline(30);
  for (int round = 0; round < 10; round++) {
    pid_t child = child_fork();
    if (child == 0) {
      CHECK_EQUAL(atexit(handler), 0);
      crew_begin(2);
      thread_join(thread_start(body, NULL));
      _exit(1);
    }
    CHECK_CHILD(child, 33);
  }
  return 0;
}
