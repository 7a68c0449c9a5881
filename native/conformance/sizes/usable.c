// malloc_usable_size is at least what was asked, the block is writable to that end without hurting its neighbours,
// and null has size 0.
// @standard malloc_usable_size(3)
#include <malloc.h>

#include "../check.h"

enum { count = 8 };

static void check_size(size_t size) {
  void* blocks[count];
  check_case = size;
  for (size_t i = 0; i < count; i++) {
    blocks[i] = i % 4 == 3 ? calloc(1, opaque(size)) : malloc(opaque(size));
    CHECK_BLOCK(blocks[i]);
    CHECK_AT_LEAST(malloc_usable_size(blocks[i]), size);
    memset(blocks[i], (int)i + 1, malloc_usable_size(blocks[i]));
  }
  for (size_t i = 0; i < count; i++) CHECK_FILLED(blocks[i], malloc_usable_size(blocks[i]), i + 1);
  for (size_t i = 0; i < count; i++) free(blocks[i]);
}

int main(void) {
  CHECK_EQUAL(malloc_usable_size(hide(NULL)), 0);
  for (size_t size = 0; size <= 2100; size++) check_size(size);
  for (size_t size = 2200; size < 3000000; size = size * 5 / 4) check_size(size);
  return 0;
}
