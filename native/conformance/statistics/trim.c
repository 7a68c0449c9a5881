// malloc_trim answers 0 or 1 and leaves live blocks as they are, whatever was freed between them. Where it says that it
// gave memory back, it did.
// @standard malloc_trim(3)
#include <malloc.h>

#include "../machine.h"
#include "../random.h"

enum { count = 4000 };

// 96 MiB in blocks of 16 KiB, of which every 32nd stays: whole pages are free between them.
static void check_answer(void) {
  enum { many = 6144, size = 16384 };
  static void* large[many];
  for (size_t i = 0; i < many; i++) {
    CHECK_BLOCK(large[i] = malloc(opaque(size)));
    memset(large[i], 1, size);
  }
  for (size_t i = 0; i < many; i++)
    if (i % 32) free(large[i]);
  size_t before = resident_bytes();
  int trimmed = malloc_trim(0);
  size_t after = resident_bytes();
  if (trimmed && after + 65536 > before)
    FAIL("malloc_trim said 1, expected less than %zu resident bytes, got %zu", before, after);
  for (size_t i = 0; i < many; i += 32) free(large[i]);
}

int main(void) {
  static void* blocks[count];
  for (size_t pad = 0; pad < ((size_t)1 << 22); pad = pad * 2 + 4096) {
    for (size_t i = 0; i < count; i++) {
      CHECK_BLOCK(blocks[i] = malloc(16 + i * 5));
      pattern_fill(blocks[i], 16 + i * 5, i);
    }
    for (size_t i = 0; i < count; i += 2) free(blocks[i]);
    int trimmed = malloc_trim(pad);
    if (trimmed != 0 && trimmed != 1) FAIL("malloc_trim, expected 0 or 1, got %d", trimmed);
    for (size_t i = 1; i < count; i += 2) {
      CHECK_PATTERN(blocks[i], 16 + i * 5, i);
      free(blocks[i]);
    }
  }
  check_answer();
  return 0;
}
