// Under RLIMIT_AS posix_memalign answers ENOMEM for a block that does not fit and leaves the caller's pointer alone.
// @standard POSIX.1-2024, posix_memalign()
// @standard POSIX.1-2024, setrlimit()
#include "../machine.h"

int main(void) {
  free(malloc(100));
  limit_address_space((size_t)128 << 20);
  char mark;
  for (int round = 0; round < 3; round++) {
    void* block = &mark;
    CHECK_EQUAL(posix_memalign(&block, 64, opaque((size_t)1 << 30)), ENOMEM);
    CHECK(block == &mark);
    CHECK_EQUAL(posix_memalign(&block, 64, 1000), 0);
    free(block);
  }
  return 0;
}
