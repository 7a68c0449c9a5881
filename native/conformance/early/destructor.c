// Destructors of the lowest priority, after which little of the process is left, allocate and free.
// @standard glibc manual, Replacing malloc
#include "../check.h"

static char* kept;

__attribute__((destructor(101))) static void last(void) {
  CHECK_FILLED(kept, 5000, 2);
  free(kept);
  for (size_t i = 1; i < 300; i++) {
    char* block = calloc(1, i * 50);
    CHECK_BLOCK(block);
    free(block);
  }
}

__attribute__((destructor(200))) static void before_last(void) {
  CHECK_FILLED(kept, 100, 1);
  CHECK_BLOCK(kept = realloc(kept, 5000));
  memset(kept, 2, 5000);
}

int main(void) {
  CHECK_BLOCK(kept = malloc(100));
  memset(kept, 1, 100);
  return 0;
}
