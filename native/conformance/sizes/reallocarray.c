// reallocarray allocates from null, grows and shrinks with the content kept, and its block can be freed.
// @standard POSIX.1-2024, reallocarray()
#include "../random.h"

int main(void) {
  for (size_t item = 1; item < 3000; item = item * 2 + 1) {
    check_case = item;
    void* block = reallocarray(hide(NULL), opaque(10), item);
    CHECK_BLOCK(block);
    pattern_fill(block, 10 * item, item);
    block = reallocarray(block, opaque(300), item);
    CHECK_BLOCK(block);
    CHECK_PATTERN(block, 10 * item, item);
    memset(block, 1, 300 * item);
    pattern_fill(block, 10 * item, item + 1);
    block = reallocarray(block, opaque(3), item);
    CHECK_BLOCK(block);
    CHECK_PATTERN(block, 3 * item, item + 1);
    free(block);
  }
  return 0;
}
