// A child reads, resizes and frees the large blocks of its parent, whose own copies stay as they are.
// @standard POSIX.1-2024, fork()
#include "../children.h"
#include "../random.h"

enum { count = 6 };

static size_t size_of(size_t at) { return ((size_t)1 << 20) * (at * 2 + 1); }

int main(void) {
  deadline(30);
  void* blocks[count];
  for (size_t i = 0; i < count; i++) {
    CHECK_BLOCK(blocks[i] = malloc(size_of(i)));
    pattern_fill(blocks[i], size_of(i), i);
  }
  pid_t child = child_fork();
  if (child == 0) {
    for (size_t i = 0; i < count; i++) {
      CHECK_PATTERN(blocks[i], size_of(i), i);
      CHECK_BLOCK(blocks[i] = realloc(blocks[i], size_of(i) * 2));
      CHECK_PATTERN(blocks[i], size_of(i), i);
      memset(blocks[i], 0, size_of(i) * 2);
      free(blocks[i]);
    }
    _exit(0);
  }
  CHECK_CHILD(child, 0);
  for (size_t i = 0; i < count; i++) {
    CHECK_PATTERN(blocks[i], size_of(i), i);
    free(blocks[i]);
  }
  return 0;
}
