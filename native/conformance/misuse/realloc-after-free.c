// A freed block is given to realloc.
// @standard CWE-416, Use After Free
#include "harm.h"

int main(void) {
  static const size_t sizes[] = {48, 1000, 40000};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    size_t size = sizes[at];
    harm_begin(size);
    void* block = harm_malloc(size);
    free(hide(block));
    void* again = realloc(hide(block), size + size / 2);
    void* other = harm_malloc(size);
    if (again && hide(other) == again) HARM("a block was given twice");
    if (again) pattern_fill(again, size, 1);
    pattern_fill(other, size, 2);
    harm_use(size);
    if (again && !harm_is_pattern(again, size, 1)) HARM("another block was changed");
    if (!harm_is_pattern(other, size, 2)) HARM("another block was changed");
    harm_end(size, harm_blocks);
  }
  return 0;
}
