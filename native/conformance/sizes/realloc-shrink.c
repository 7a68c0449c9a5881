// realloc to a smaller size keeps what is left of the content, and the rest can be used by others.
// @standard C23 7.24.3.7
#include "../random.h"

static void shrink(size_t from, size_t to) {
  void* block = malloc(opaque(from));
  CHECK_BLOCK(block);
  pattern_fill(block, from, from);
  block = realloc(block, opaque(to));
  CHECK_BLOCK(block);
  CHECK_PATTERN(block, to, from);
  void* others[4];
  for (size_t i = 0; i < 4; i++) {
    others[i] = malloc(opaque(from - to));
    CHECK_BLOCK(others[i]);
    memset(others[i], 0x66, from - to);
  }
  CHECK_PATTERN(block, to, from);
  for (size_t i = 0; i < 4; i++) free(others[i]);
  free(block);
}

int main(void) {
  for (size_t from = 2; from <= 600; from++) {
    check_case = from;
    shrink(from, from - 1);
    shrink(from, from / 2);
    shrink(from, 1);
  }
  for (size_t from = 700; from < 3000000; from = from * 3 / 2) {
    check_case = from;
    shrink(from, from - 1);
    shrink(from, from / 2);
    shrink(from, from / 20);
  }
  return 0;
}
