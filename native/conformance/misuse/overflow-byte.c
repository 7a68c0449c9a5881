// A byte is written behind the end of a block, where a string's zero goes when it was forgotten.
// @standard CWE-122, Heap-based Buffer Overflow
#include "harm.h"

int main(void) {
  static const size_t sizes[] = {24, 32, 40, 64, 100, 128, 1000, 1024, 4096};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    size_t size = sizes[at];
    harm_begin(size);
    char* block = harm_neighbours[20];
    block[opaque(size)] = 0;
    free(block);
    harm_end(size, 20);
    harm_use(size);
  }
  return 0;
}
