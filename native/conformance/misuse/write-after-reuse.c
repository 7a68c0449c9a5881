// A freed block is written to when its memory may belong to another by then.
// @standard CWE-416, Use After Free
#include "harm.h"

int main(void) {
  static const size_t sizes[] = {48, 1000, 40000};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    size_t size = sizes[at];
    char* block = harm_malloc(size);
    free(hide(block));
    harm_begin(size);
    memset(block, 'A', size);
    harm_end(size, harm_blocks);
    harm_use(size);
  }
  return 0;
}
