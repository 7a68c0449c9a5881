// Eight bytes are written in front of a block.
// @standard CWE-124, Buffer Underwrite
#include "harm.h"

int main(void) {
  static const size_t sizes[] = {24, 64, 1000, 4096, 40000};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    size_t size = sizes[at];
    harm_begin(size);
    char* block = harm_neighbours[20];
    memset(block - opaque(8), 'A', 8);
    free(block);
    harm_end(size, 20);
    harm_use(size);
  }
  return 0;
}
