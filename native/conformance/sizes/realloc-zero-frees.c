// realloc(p, 0) frees the block: a loop that would need 600 MiB otherwise stays small.
// @standard glibc manual, Changing Block Size
#include "../machine.h"

int main(void) {
  static const size_t sizes[] = {1000, 50000, 1000000};
  size_t before = resident_bytes();
  for (size_t kind = 0; kind < 3; kind++)
    for (size_t total = 0; total < (size_t)200 << 20; total += sizes[kind]) {
      char* block = malloc(opaque(sizes[kind]));
      CHECK_BLOCK(block);
      for (size_t at = 0; at < sizes[kind]; at += 4096) block[at] = 1;
      void* left = realloc(block, opaque(0));
      if (left) free(left);  // not glibc's answer, and sizes/realloc-zero's subject
    }
  CHECK_AT_MOST(resident_bytes(), before + ((size_t)128 << 20));
  return 0;
}
