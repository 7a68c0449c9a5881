// Blocks smaller than 16 bytes, also empty ones, are aligned to 16 as glibc does it, from every entry point.
// @standard C23 7.24.3
// @standard glibc manual, Malloc Examples
#include <malloc.h>

#include "../check.h"

int main(void) {
  enum { rounds = 20, kinds = 5 };
  static void* blocks[16][rounds][kinds];
  for (size_t size = 0; size < 16; size++)
    for (int i = 0; i < rounds; i++) {
      check_case = size;
      void** at = blocks[size][i];
      at[0] = malloc(opaque(size));
      at[1] = calloc(1, opaque(size));
      at[2] = realloc(hide(NULL), opaque(size));
      at[3] = realloc(malloc(100), opaque(size + 1));
      at[4] = memalign(1, opaque(size));
      for (int kind = 0; kind < kinds; kind++) {
        CHECK_BLOCK(at[kind]);
        CHECK_ALIGNED(at[kind], 16);
      }
    }
  void** all = &blocks[0][0][0];
  for (int i = 0; i < 16 * rounds * kinds; i++) free(all[i]);
  return 0;
}
