// A plugin that allocates in its constructor, works with blocks of its host, and frees in its destructor.
#include <stdlib.h>
#include <string.h>

static char* state;

__attribute__((constructor)) static void begin(void) {
  state = calloc(1, 3000);
  if (!state) abort();
}

__attribute__((destructor)) static void end(void) { free(state); }

char* plugin_exchange(char* hosts_block, size_t size) {
  free(hosts_block);
  memset(state, 1, 3000);
  char* block = malloc(size);
  if (block) memset(block, 0x38, size);
  return block;
}
