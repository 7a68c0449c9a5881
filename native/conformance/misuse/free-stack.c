// A pointer to the stack is freed.
// @standard CWE-590, Free of Memory not on the Heap
#include "harm.h"

int main(void) {
  _Alignas(64) char memory[1024];
  memset(memory, 0, sizeof memory);
  harm_begin(64);
  free(hide(memory + 512));
  harm_use(64);
  harm_zeroes((const char*)hide(memory), sizeof memory);
  harm_end(64, harm_blocks);
  return hide(memory) == NULL;
}
