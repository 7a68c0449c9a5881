// malloc(0) gives a block of its own: not null, unlike every other live block, writable as far as it says, freeable.
// @standard C23 7.24.3
// @standard glibc manual, Malloc Examples
#include <malloc.h>

#include "../check.h"

enum { count = 1000 };

int main(void) {
  static void* blocks[count];
  for (size_t i = 0; i < count; i++) {
    blocks[i] = malloc(opaque(0));
    CHECK_BLOCK(blocks[i]);
    memset(blocks[i], 0x5a, malloc_usable_size(blocks[i]));
  }
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++) CHECK(blocks[i] != blocks[j]);
  for (size_t i = 0; i < count; i++) free(blocks[i]);
  return 0;
}
