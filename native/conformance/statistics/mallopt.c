// mallopt takes the parameters that programs set (thresholds, arenas) and says so by 1; the heap works on.
// @standard mallopt(3)
#include <malloc.h>

#include "../check.h"

int main(void) {
  static const int parameters[] = {M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX};
  for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
    check_case = i + 1;
    CHECK_EQUAL(mallopt(parameters[i], 1 << 20), 1);
    for (size_t size = 1; size < 3000000; size *= 3) {
      void* block = malloc(size);
      CHECK_BLOCK(block);
      memset(block, 1, size);
      free(block);
    }
  }
  return 0;
}
