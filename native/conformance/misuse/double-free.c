// A block is freed twice, one call behind the other.
// @standard CWE-415, Double Free
#include "harm.h"

int main(void) {
  static const size_t sizes[] = {48, 1000, 40000, 3000000};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    size_t size = sizes[at] < 70000 ? sizes[at] : 1000;
    harm_begin(size);
    void* block = harm_malloc(sizes[at]);
    free(hide(block));
    free(hide(block));
    harm_two(sizes[at]);
    harm_use(size);
    harm_end(size, harm_blocks);
  }
  return 0;
}
