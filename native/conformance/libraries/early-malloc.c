// A library whose constructor allocates and whose destructor frees what the program left with it.
#include <stdlib.h>
#include <string.h>

char* early_malloc_block;
char* early_malloc_left;

__attribute__((constructor(101))) static void begin(void) {
  early_malloc_block = malloc(12345);
  if (!early_malloc_block) abort();
  memset(early_malloc_block, 0x21, 12345);
}

__attribute__((destructor)) static void end(void) {
  char* more = realloc(early_malloc_left, 50000);
  if (!more) abort();
  free(more);
  free(strdup("the last words"));
}
