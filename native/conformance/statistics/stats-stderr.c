// malloc_stats writes to standard error, and to standard output nothing.
// @standard malloc_stats(3)
#include <malloc.h>

#include "../children.h"

static void write_stats(int file, void* argument) {
  (void)argument;
  if (file == 1) close(2);
  malloc_stats();
  fflush(NULL);
  _exit(0);
}

int main(void) {
  free(malloc(1000));
  size_t to_stdout = child_written(1, write_stats, NULL);
  CHECK_EQUAL(to_stdout, 0);
  CHECK_AT_LEAST(child_written(2, write_stats, NULL), 1);
  return 0;
}
