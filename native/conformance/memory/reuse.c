// Freed memory is used again, by blocks of other sizes too: 24 rounds of 48 MiB, each in blocks of one of twelve sizes,
// stay within 256 MiB.
// @standard C23 7.24.3.3
// @standard glibc manual, Freeing Memory Allocated with malloc
#include "../machine.h"

int main(void) {
  static void* blocks[1100000];
  static const size_t sizes[] = {72, 1000, 30000, 2000000, 48, 400, 8000, 300000, 144, 2500, 16000, 100000};
  enum { kinds = sizeof sizes / sizeof *sizes };
  for (size_t round = 0; round < 2 * kinds; round++) {
    size_t size = sizes[round % kinds], count = ((size_t)48 << 20) / size;
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
