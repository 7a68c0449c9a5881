// malloc_info with options other than 0 returns EINVAL and writes nothing.
// @standard malloc_info(3)
#include <malloc.h>

#include "../check.h"

int main(void) {
  char* text = NULL;
  size_t size = 0;
  FILE* stream = open_memstream(&text, &size);
  CHECK(stream != NULL);
  CHECK_EQUAL(malloc_info((int)opaque(1), stream), EINVAL);
  CHECK_EQUAL(malloc_info(-1, stream), EINVAL);
  CHECK_EQUAL(fclose(stream), 0);
  CHECK_EQUAL(size, 0);
  free(text);
  return 0;
}
