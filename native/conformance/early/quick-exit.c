// quick_exit runs its handlers, which allocate and free, and ends with its status.
// @standard C23 7.24.4.7
#include "../children.h"

static char* kept;

static void handler(void) {
  CHECK_FILLED(kept, 700, 9);
  free(kept);
  free(malloc(100000));
}

int main(void) {
  CHECK_EQUAL(at_quick_exit(handler), 0);
  CHECK_BLOCK(kept = malloc(700));
  memset(kept, 9, 700);
  pid_t child = child_fork();
  if (child == 0) quick_exit(21);
  CHECK_CHILD(child, 21);
  quick_exit(check_done());
}
