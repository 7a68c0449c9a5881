// free keeps errno where a purge fails inside it: madvise refuses pages that are locked in memory.
// @standard POSIX.1-2024, free()
#include <sys/mman.h>

#include "../check.h"

int main(void) {
  static const size_t sizes[] = {60000, 200000, 1000000, 3000000};
  for (size_t round = 0; round < 4; round++)
    for (size_t kind = 0; kind < 4; kind++) {
      check_case = sizes[kind];
      void* block = malloc(opaque(sizes[kind]));
      CHECK_BLOCK(block);
      memset(block, 1, sizes[kind]);
      if (mlock(block, sizes[kind]) != 0 && kind == 0 && round == 0) SKIP("RLIMIT_MEMLOCK is too low");
      errno = EDOM;
      free(block);
      CHECK_EQUAL(errno, EDOM);
    }
  return 0;
}
