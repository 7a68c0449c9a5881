// realloc(NULL, n) is malloc(n), and realloc(NULL, 0) is malloc(0): a block, not null.
// @standard C23 7.24.3.7
// @standard glibc manual, Malloc Examples
#include "../check.h"

int main(void) {
  for (size_t size = 0; size < 200000; size = size * 2 + 1) {
    check_case = size;
    char* block = realloc(hide(NULL), opaque(size));
    CHECK_BLOCK(block);
    memset(block, 0x31, size);
    char* other = realloc(hide(NULL), opaque(size));
    CHECK_BLOCK(other);
    CHECK(block != other);
    memset(other, 0x32, size);
    CHECK_FILLED(block, size, 0x31);
    free(block);
    free(other);
  }
  return 0;
}
