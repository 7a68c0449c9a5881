// A pointer into the program's static memory, which no heap gave, is freed.
// @standard CWE-590, Free of Memory not on the Heap
#include "harm.h"

static _Alignas(4096) char memory[65536];

int main(void) {
  harm_begin(64);
  memset(memory, 0, sizeof memory);
  free(hide(memory + 4096 + 16));
  harm_use(64);
  harm_zeroes(memory, sizeof memory);
  harm_end(64, harm_blocks);
  return 0;
}
