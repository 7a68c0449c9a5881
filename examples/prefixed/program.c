/* Keeps what lives long and what lives shortly in two heaps, and everything else in libc's. */

#include <alloc8/prefixed.h>
#include <stdio.h>
#include <stdlib.h>

ALLOC8_DECLARE_PREFIXED(lasting)
ALLOC8_DECLARE_PREFIXED(passing)

int main(void) {
  char* names[1000];
  for (int i = 0; i < 1000; ++i) {
    char* scratch = passing_malloc(64);
    snprintf(scratch, 64, "name %d", i);
    names[i] = lasting_strdup(scratch);
    passing_free(scratch);
  }
  printf("%s, %s\n", names[0], names[999]);
  for (int i = 0; i < 1000; ++i) lasting_free(names[i]);
  free(malloc(10));
  return 0;
}
