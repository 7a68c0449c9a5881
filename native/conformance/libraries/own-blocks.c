// A plugin that works with blocks of its own and makes blocks for its host.
#include <stdlib.h>
#include <string.h>

static char* state;

__attribute__((constructor)) static void begin(void) { state = calloc(1, 3000); }

__attribute__((destructor)) static void end(void) { free(state); }

// A block of so many bytes, each an x; null where there is no memory.
char* own_blocks_make(size_t size) {
  state = realloc(state, 3000 + size);
  char* block = malloc(size);
  if (!block || !state) return NULL;
  memset(state, 'x', size);
  return memcpy(block, state, size);
}
