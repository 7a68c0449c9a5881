// A child frees the 20,000 blocks that its parent has, allocates as many, and ends; the parent still has its own.
// @standard POSIX.1-2024, fork()
#include "../children.h"

enum { count = 20000 };

static void* blocks[count];

static size_t size_of(size_t at) { return 16 + at % 300; }

int main(void) {
  deadline(30);
  for (size_t i = 0; i < count; i++) {
    CHECK_BLOCK(blocks[i] = malloc(size_of(i)));
    memset(blocks[i], (int)i, size_of(i));
  }
  pid_t child = child_fork();
  if (child == 0) {
    for (size_t i = 0; i < count; i++) {
      CHECK_FILLED(blocks[i], size_of(i), i);
      free(blocks[i]);
    }
    for (size_t i = 0; i < count; i++) CHECK_BLOCK(blocks[i] = malloc(size_of(i * 7)));
    for (size_t i = 0; i < count; i++) free(blocks[i]);
    _exit(0);
  }
  CHECK_CHILD(child, 0);
  for (size_t i = 0; i < count; i++) {
    CHECK_FILLED(blocks[i], size_of(i), i);
    free(blocks[i]);
  }
  return 0;
}
