// A linked library allocates in its constructor, before main and before the heap's constructor, and main frees it;
// main leaves a block that the library's destructor resizes and frees.
// @standard glibc manual, Replacing malloc
// @link early-malloc
#include "../check.h"

extern char* early_malloc_block;
extern char* early_malloc_left;

int main(void) {
  CHECK_FILLED(early_malloc_block, 12345, 0x21);
  CHECK_BLOCK(early_malloc_block = realloc(early_malloc_block, 100000));
  CHECK_FILLED(early_malloc_block, 12345, 0x21);
  free(early_malloc_block);
  CHECK_BLOCK(early_malloc_left = malloc(10));
  return 0;
}
