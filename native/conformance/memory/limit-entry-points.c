// Under RLIMIT_AS every entry point refuses a block that does not fit with null (or its code) and ENOMEM.
// @standard C23 7.24.3.6
#include <malloc.h>

#include "../machine.h"

int main(void) {
  char* kept = malloc(5000);
  CHECK_BLOCK(kept);
  memset(kept, 0x15, 5000);
  char* large = malloc((size_t)2 << 20);
  CHECK_BLOCK(large);
  memset(large, 0x16, (size_t)2 << 20);
  limit_address_space((size_t)128 << 20);
  size_t size = (size_t)1 << 30;
  for (int round = 0; round < 3; round++) {
    errno = 0;
    CHECK_REFUSED(malloc(opaque(size)));
    errno = 0;
    CHECK_REFUSED(calloc(opaque(size) / 16, 16));
    errno = 0;
    CHECK_REFUSED(realloc(kept, opaque(size)));
    errno = 0;
    CHECK_REFUSED(realloc(large, opaque(size)));
    errno = 0;
    CHECK_REFUSED(memalign(4096, opaque(size)));
    errno = 0;
    CHECK_REFUSED(aligned_alloc(64, opaque(size)));
    errno = 0;
    CHECK_REFUSED(valloc(opaque(size)));
    errno = 0;
    CHECK_REFUSED(pvalloc(opaque(size)));
    void* block = kept;
    CHECK_EQUAL(posix_memalign(&block, 64, opaque(size)), ENOMEM);
    CHECK(block == kept);
    CHECK_FILLED(kept, 5000, 0x15);
    CHECK_FILLED(large, (size_t)2 << 20, 0x16);
  }
  free(kept);
  free(large);
  return 0;
}
