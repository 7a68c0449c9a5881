// Under RLIMIT_AS reallocarray refuses what does not fit and keeps its block.
// @standard C23 7.24.3.6
#include "../machine.h"

int main(void) {
  char* kept = malloc(5000);
  CHECK_BLOCK(kept);
  memset(kept, 0x15, 5000);
  limit_address_space((size_t)128 << 20);
  errno = 0;
  CHECK_REFUSED(reallocarray(kept, opaque((size_t)1 << 20), 1024));
  CHECK_FILLED(kept, 5000, 0x15);
  free(kept);
  return 0;
}
