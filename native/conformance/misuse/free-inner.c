// A pointer to the middle of a block, aligned as blocks are, is freed.
// @standard CWE-761, Free of Pointer not at Start of Buffer
#include "harm.h"

int main(void) {
  static const size_t sizes[] = {256, 4096, 65536};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    harm_begin(sizes[at]);
    char* block = harm_neighbours[20];
    free(hide(block + sizes[at] / 2));
    harm_use(sizes[at]);
    harm_end(sizes[at], harm_blocks);
  }
  return 0;
}
