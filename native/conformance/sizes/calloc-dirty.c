// calloc's memory is zero also where it was used, written and freed before, for small and middle sizes.
// @standard C23 7.24.3.2
#include <malloc.h>

#include "../check.h"

enum { count = 64 };

int main(void) {
  static const size_t sizes[] = {1, 8, 16, 24, 40, 100, 255, 512, 1000, 1024, 2047, 4096, 9000, 33000, 70000, 131000};
  void* blocks[count];
  for (size_t round = 0; round < 3; round++)
    for (size_t kind = 0; kind < sizeof sizes / sizeof *sizes; kind++) {
      size_t size = sizes[kind];
      check_case = size;
      for (size_t i = 0; i < count; i++) {
        blocks[i] = malloc(opaque(size));
        CHECK_BLOCK(blocks[i]);
        memset(blocks[i], 0xdd, malloc_usable_size(blocks[i]));
      }
      for (size_t i = 0; i < count; i++) free(blocks[i]);
      for (size_t i = 0; i < count; i++) {
        blocks[i] = i % 2 ? calloc(1, opaque(size)) : calloc(opaque(size), 1);
        CHECK_BLOCK(blocks[i]);
        CHECK_FILLED(blocks[i], size, 0);
        memset(blocks[i], 0xee, size);
      }
      for (size_t i = 0; i < count; i++) free(blocks[i]);
    }
  return 0;
}
