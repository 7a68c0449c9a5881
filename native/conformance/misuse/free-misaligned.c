// A pointer a byte behind the beginning of a block is freed.
// @standard CWE-761, Free of Pointer not at Start of Buffer
#include "harm.h"

int main(void) {
  harm_begin(64);
  char* block = harm_neighbours[20];
  free(hide(block + 1));
  harm_use(64);
  harm_end(64, harm_blocks);
  return 0;
}
