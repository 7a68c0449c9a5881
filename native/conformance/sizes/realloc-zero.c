// realloc(p, 0) returns null, as glibc does.
// @standard glibc manual, Changing Block Size
#include "../check.h"

int main(void) {
  for (size_t size = 0; size < 4000000; size = size * 2 + 1) {
    check_case = size;
    void* block = malloc(opaque(size));
    CHECK_BLOCK(block);
    CHECK_NULL(realloc(block, opaque(0)));
  }
  return 0;
}
