// malloc_info tells of memory: its numbers grow when 40 MB are allocated in small blocks.
// @standard malloc_info(3)
#include <ctype.h>
#include <malloc.h>

#include "../check.h"

static char text[1 << 20];

// The largest number that malloc_info writes in an attribute or text.
static unsigned long long largest(void) {
  memset(text, 0, sizeof text);
  FILE* stream = fmemopen(text, sizeof text - 1, "w");
  CHECK(stream != NULL);
  CHECK_EQUAL(malloc_info(0, stream), 0);
  CHECK_EQUAL(fclose(stream), 0);
  unsigned long long most = 0;
  for (char* at = text; *at; at++) {
    if (!isdigit((unsigned char)*at)) continue;
    unsigned long long number = strtoull(at, &at, 10);
    if (number > most && number < (unsigned long long)1 << 40) most = number;
    if (!*at) break;
  }
  return most;
}

int main(void) {
  enum { count = 40000, size = 1000 };
  static void* blocks[count];
  free(malloc(size));
  unsigned long long before = largest();
  for (int i = 0; i < count; i++) {
    CHECK_BLOCK(blocks[i] = malloc(opaque(size)));
    memset(blocks[i], 1, size);
  }
  CHECK_AT_LEAST(largest(), before + (unsigned long long)count * size / 2);
  for (int i = 0; i < count; i++) free(blocks[i]);
  return 0;
}
