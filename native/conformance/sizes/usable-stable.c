// malloc_usable_size of a live block is always the same, whatever is allocated and freed meanwhile.
// @standard malloc_usable_size(3), man-pages 6.03
#include <malloc.h>

#include "../random.h"

int main(void) {
  enum { count = 200 };
  void* blocks[count];
  size_t usable[count];
  for (size_t i = 0; i < count; i++) {
    CHECK_BLOCK(blocks[i] = malloc(i * i * 3));
    usable[i] = malloc_usable_size(blocks[i]);
  }
  Random random = {5};
  for (int round = 0; round < 50; round++) {
    for (int i = 0; i < 40; i++) free(malloc(random_size(&random, 200000)));
    for (size_t i = 0; i < count; i++) {
      check_case = i;
      CHECK_EQUAL(malloc_usable_size(blocks[i]), usable[i]);
    }
  }
  for (size_t i = 0; i < count; i++) free(blocks[i]);
  return 0;
}
