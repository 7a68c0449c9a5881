// Under RLIMIT_AS realloc refuses to grow a small and a large block beyond it with null and ENOMEM; both keep their
// content.
// @standard C23 7.24.3.7
// @standard POSIX.1-2024, setrlimit()
#include "../machine.h"

int main(void) {
  size_t large_size = (size_t)2 << 20;
  char *kept = malloc(5000), *large = malloc(large_size);
  CHECK_BLOCK(kept);
  CHECK_BLOCK(large);
  memset(kept, 0x15, 5000);
  memset(large, 0x16, large_size);
  limit_address_space((size_t)128 << 20);
  for (int round = 0; round < 3; round++) {
    errno = 0;
    CHECK_REFUSED(realloc(kept, opaque((size_t)1 << 30)));
    errno = 0;
    CHECK_REFUSED(realloc(large, opaque((size_t)1 << 30)));
    CHECK_FILLED(kept, 5000, 0x15);
    CHECK_FILLED(large, large_size, 0x16);
  }
  free(kept);
  free(large);
  return 0;
}
