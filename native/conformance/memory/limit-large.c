// Under RLIMIT_AS large blocks end in null with ENOMEM; after freeing them the program recovers, many times over.
// @standard C23 7.24.3.6
#include "../machine.h"

enum { most = 400 };

int main(void) {
  free(malloc(3000000));
  limit_address_space((size_t)512 << 20);
  static const size_t sizes[] = {(size_t)200 << 20, (size_t)30 << 20, (size_t)3 << 20};
  for (int round = 0; round < 6; round++) {
    size_t size = sizes[round % 3];
    check_case = size;
    static char* blocks[most];
    size_t count = 0;
    while (errno = 0, count < most && (blocks[count] = malloc(size)) != NULL) {
      blocks[count][0] = blocks[count][size - 1] = 1;
      count++;
    }
    CHECK_EQUAL(errno, ENOMEM);
    CHECK_AT_LEAST(count, 1);
    CHECK_AT_MOST(count * size, (size_t)1 << 30);
    for (size_t i = 0; i < count; i++) free(blocks[i]);
    void* again = malloc(size);
    CHECK_BLOCK(again);
    free(again);
  }
  return 0;
}
