// A block is freed twice, with other blocks of its size freed and allocated between.
// @standard CWE-415, Double Free
#include "harm.h"

int main(void) {
  static const size_t sizes[] = {48, 1000, 40000};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    size_t size = sizes[at];
    harm_begin(size);
    void *block = harm_malloc(size), *others[12];
    for (int i = 0; i < 12; i++) others[i] = harm_malloc(size);
    free(hide(block));
    for (int i = 0; i < 12; i++) free(others[i]);
    void* alive[4];
    for (size_t i = 0; i < 4; i++) {
      alive[i] = harm_malloc(size);
      pattern_fill(alive[i], size, i);
    }
    free(hide(block));
    harm_use(size);
    for (size_t i = 0; i < 4; i++)
      if (!harm_is_pattern(alive[i], size, i)) HARM("another block was changed");
    harm_end(size, harm_blocks);
  }
  return 0;
}
