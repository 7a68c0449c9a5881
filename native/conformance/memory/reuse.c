// Freed memory is used again: 40 rounds of 48 MiB in small, middle and large blocks stay within 256 MiB.
// @standard C23 7.24.3.3
#include "../machine.h"

int main(void) {
  static void* blocks[700000];
  for (size_t round = 0; round < 40; round++) {
    static const size_t sizes[] = {72, 1000, 30000, 2000000};
    size_t size = sizes[round % 4], count = ((size_t)48 << 20) / size;
    check_case = size;
    for (size_t i = 0; i < count; i++) {
      CHECK_BLOCK(blocks[i] = malloc(size));
      for (size_t at = 0; at < size; at += 4000) ((char*)blocks[i])[at] = 1;
    }
    for (size_t i = 0; i < count; i++) free(blocks[i]);
    CHECK_AT_MOST(resident_bytes(), (size_t)256 << 20);
  }
  return 0;
}
