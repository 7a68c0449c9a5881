// A page is written behind the end of a block.
// @standard CWE-122, Heap-based Buffer Overflow
#include "harm.h"

int main(void) {
  static const size_t sizes[] = {64, 1000, 4096, 40000};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    size_t size = sizes[at];
    harm_begin(size);
    char* block = harm_neighbours[20];
    memset(block + size, 'A', opaque(4096));
    free(block);
    harm_end(size, 20);
    harm_use(size);
  }
  return 0;
}
