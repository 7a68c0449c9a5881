// realloc of large blocks, up and down between 200 KiB and 256 MiB, with other large blocks in the way.
// @standard C23 7.24.3.7
#include "../machine.h"

static void mark(char* block, size_t size, size_t seed) {
  for (size_t at = 0; at < size; at += 4096) memcpy(block + at, &(size_t){seed + at}, size - at < 8 ? 0 : 8);
}

static void check_marks(const char* block, size_t size, size_t seed) {
  for (size_t at = 0; at + 8 <= size; at += 4096) {
    size_t got;
    memcpy(&got, block + at, 8);
    if (got != seed + at) FAIL("block[%zu] of %zu, expected %zu, got %zu", at, size, seed + at, got);
  }
}

int main(void) {
  NEED_MEMORY((unsigned long long)2 << 30);
  static const size_t sizes[] = {200000,   400000, 3000000, 1000000, 50000000, 50000001, 20000000, (size_t)256 << 20,
                                 90000000, 130000, 700000};
  size_t size = 100000;
  char* block = malloc(size);
  CHECK_BLOCK(block);
  mark(block, size, 1);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    check_case = sizes[i];
    char* wall = malloc(sizes[i]);
    CHECK_BLOCK(wall);
    wall[0] = wall[sizes[i] - 1] = 5;
    block = realloc(block, opaque(sizes[i]));
    CHECK_BLOCK(block);
    check_marks(block, size < sizes[i] ? size : sizes[i], i + 1);
    size = sizes[i];
    mark(block, size, i + 2);
    CHECK_EQUAL(wall[0], 5);
    CHECK_EQUAL(wall[sizes[i] - 1], 5);
    free(wall);
  }
  check_marks(block, size, sizeof sizes / sizeof *sizes + 1);
  free(block);
  return 0;
}
