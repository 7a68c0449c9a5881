// realloc to a larger size keeps the content, for every start up to 600 bytes and for steps up to megabytes.
// @standard C23 7.24.3.7
#include "../random.h"

static void grow(size_t from, size_t to) {
  void* block = malloc(opaque(from));
  CHECK_BLOCK(block);
  pattern_fill(block, from, from);
  void* wall = malloc(opaque(from));  // often stands behind the block, so that it has to move
  CHECK_BLOCK(wall);
  memset(wall, 0x77, from);
  block = realloc(block, opaque(to));
  CHECK_BLOCK(block);
  CHECK_PATTERN(block, from, from);
  pattern_fill(block, to, to);
  CHECK_FILLED(wall, from, 0x77);
  CHECK_PATTERN(block, to, to);
  free(wall);
  free(block);
}

int main(void) {
  for (size_t from = 0; from <= 600; from++) {
    check_case = from;
    grow(from, from + 1);
    grow(from, from + 17);
    grow(from, from * 2 + 8);
    grow(from, from + 5000);
  }
  for (size_t from = 700; from < 3000000; from = from * 3 / 2) {
    check_case = from;
    grow(from, from + from / 8);
    grow(from, from * 3);
  }
  return 0;
}
