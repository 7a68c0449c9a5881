// exit ends a program with its status, after its handlers and destructors have used the heap.
// @standard C23 7.24.4.4
#include "../children.h"

static char* kept;

static void handler(void) {
  free(kept);
  free(malloc(50000));
}

int main(void) {
  CHECK_EQUAL(atexit(handler), 0);
  for (int status = 0; status < 256; status += 51) {
    check_case = (size_t)status;
    pid_t child = child_fork();
    if (child == 0) {
      CHECK_BLOCK(kept = malloc(500));
      exit(status);
    }
    CHECK_CHILD(child, status);
  }
  kept = NULL;
  return 0;
}
