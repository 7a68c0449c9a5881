// Sizes of one class allocated and freed in the patterns that hurt: first in first out, last in first out, every other
// one, and steps across the border between two classes.
// @standard C23 7.24.3
#include "../random.h"

enum { count = 2000 };

static void* blocks[count];

static void make(size_t size) {
  for (size_t i = 0; i < count; i++) {
    CHECK_BLOCK(blocks[i] = malloc(opaque(size)));
    memset(blocks[i], (int)i, size < 64 ? size : 64);
    ((unsigned char*)blocks[i])[size - 1] = (unsigned char)i;
  }
}

static void release(size_t i, size_t size) {
  CHECK_FILLED(blocks[i], size < 64 ? size - 1 : 63, i);
  CHECK_EQUAL(((unsigned char*)blocks[i])[size - 1], (unsigned char)i);
  free(blocks[i]);
}

int main(void) {
  for (size_t size = 1; size < 5000; size = size * 5 / 4 + 1) {
    check_case = size;
    make(size);
    for (size_t i = 0; i < count; i++) release(i, size);
    make(size);
    for (size_t i = count; i-- > 0;) release(i, size);
    make(size);
    for (size_t i = 0; i < count; i += 2) release(i, size);
    for (size_t i = 0; i < count; i += 2) {
      CHECK_BLOCK(blocks[i] = malloc(opaque(size + 1)));
      memset(blocks[i], 0xee, size + 1);
    }
    for (size_t i = 1; i < count; i += 2) release(i, size);
    for (size_t i = 0; i < count; i += 2) {
      CHECK_FILLED(blocks[i], size + 1, 0xee);
      free(blocks[i]);
    }
  }
  return 0;
}
