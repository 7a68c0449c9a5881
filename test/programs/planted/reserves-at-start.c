// The heap reserves 64 GiB of addresses at start and cannot do without.
// @caught-by memory/limit-from-start
#include <stdlib.h>
#include <sys/mman.h>

#include "tagged.h"

__attribute__((constructor)) static void begin(void) {
  if (mmap(NULL, (size_t)64 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED)
    abort();
}
