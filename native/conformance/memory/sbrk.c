// A program that moves the break itself, between allocations: the heap keeps away from what is not its own.
// @standard brk(2)
#include "../random.h"

enum { blocks = 300, areas = 20 };

int main(void) {
  Random random = {8};
  void* block[blocks] = {NULL};
  size_t size[blocks] = {0};
  char* area[areas] = {NULL};
  for (int at = 0; at < areas; at++) {
    void* before = sbrk(10000);
    if (before == (void*)-1) FAIL("sbrk, expected an area, got errno %d", errno);
    area[at] = before;
    memset(area[at], at + 1, 10000);
    for (int step = 0; step < 1000; step++) {
      size_t one = random_below(&random, blocks);
      CHECK_PATTERN(block[one], size[one], one);
      free(block[one]);
      size[one] = random_size(&random, 100000);
      CHECK_BLOCK(block[one] = malloc(size[one]));
      pattern_fill(block[one], size[one], one);
    }
  }
  for (int at = 0; at < areas; at++) CHECK_FILLED(area[at], 10000, at + 1);
  for (int one = 0; one < blocks; one++) free(block[one]);
  return 0;
}
