/* Two heaps beside the system's, each with its own prefix, in a C program. */

#include <alloc8/prefixed.h>
#include <stdlib.h>

ALLOC8_DECLARE_PREFIXED(one)
ALLOC8_DECLARE_PREFIXED(two)

int main(void) {
  void* blocks[] = {one_malloc(1), two_malloc(1), malloc(1)};
  if (blocks[0] == blocks[1] || blocks[1] == blocks[2]) return 1;
  one_free(blocks[0]);
  two_free(blocks[1]);
  free(blocks[2]);
  return 0;
}
