// Blocks that realloc makes smaller than 16 bytes are aligned to 16, as others of that size.
// @standard glibc manual, Malloc Examples
#include "tiny.h"

static void* shrunk(size_t size) { return realloc(malloc(100), size + 1); }

int main(void) {
  check_tiny(shrunk);
  return 0;
}
