// The aligned entry points asked for 0 bytes give unique, aligned blocks that free takes.
// @standard glibc manual, Aligned Memory Blocks
// @standard POSIX.1-2024, posix_memalign()
#include <malloc.h>

#include "../check.h"

int main(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  enum { rounds = 20, kinds = 5 };
  void* blocks[rounds * kinds];
  for (size_t i = 0; i < rounds; i++) {
    void** at = blocks + i * kinds;
    size_t zero = opaque(0);
    at[0] = memalign(64, zero);
    at[1] = aligned_alloc(64, zero);
    CHECK_EQUAL(posix_memalign(&at[2], 64, zero), 0);
    at[3] = valloc(zero);
    at[4] = pvalloc(zero);
    for (size_t kind = 0; kind < kinds; kind++) {
      CHECK_BLOCK(at[kind]);
      CHECK_ALIGNED(at[kind], kind < 3 ? 64 : page);
    }
  }
  for (size_t i = 0; i < rounds * kinds; i++)
    for (size_t j = 0; j < i; j++) CHECK(blocks[i] != blocks[j]);
  for (size_t i = 0; i < rounds * kinds; i++) free(blocks[i]);
  return 0;
}
