// Blocks of every allocating entry point are taken by every entry point that takes blocks.
// @standard C23 7.24.3.3
// @standard glibc manual, Aligned Memory Blocks
#include <malloc.h>

#include "../check.h"

static void* by_posix_memalign(size_t size) {
  void* block = NULL;
  CHECK_EQUAL(posix_memalign(&block, 128, size), 0);
  return block;
}
static void* by_malloc(size_t size) { return malloc(size); }
static void* by_calloc(size_t size) { return calloc(1, size); }
static void* by_realloc(size_t size) { return realloc(hide(NULL), size); }
static void* by_reallocarray(size_t size) { return reallocarray(hide(NULL), size, 1); }
static void* by_memalign(size_t size) { return memalign(64, size); }
static void* by_aligned_alloc(size_t size) { return aligned_alloc(32, (size + 31) & ~(size_t)31); }
static void* by_valloc(size_t size) { return valloc(size); }
static void* by_strdup(size_t size) {
  char* text = malloc(size);
  CHECK_BLOCK(text);
  memset(text, 'x', size);
  text[size - 1] = 0;
  char* copy = strdup(text);
  free(text);
  return copy;
}

static void check_kept(const char* block, size_t size) {
  CHECK_BLOCK(block);
  CHECK_FILLED(block, size < 2000 ? size : 2000, 0x3c);
}

static void by_free(void* block, size_t size) {
  check_kept(block, size);
  free(block);
}
static void by_growth(void* block, size_t size) {
  block = realloc(block, size * 2 + 100);
  by_free(block, size);
}
static void by_shrinking(void* block, size_t size) {
  block = realloc(block, size / 2 + 1);
  by_free(block, size / 2);
}
static void by_array_growth(void* block, size_t size) {
  block = reallocarray(block, size, 3);
  by_free(block, size);
}
static void by_usable_end(void* block, size_t size) {
  CHECK_AT_LEAST(malloc_usable_size(block), size);
  memset((char*)block + size, 1, malloc_usable_size(block) - size);
  by_free(block, size);
}
static void by_realloc_zero(void* block, size_t size) {
  check_kept(block, size);
  free(realloc(block, opaque(0)));  // null with glibc; sizes/realloc-zero checks that
}

int main(void) {
  void* (*allocate[])(size_t) = {by_malloc,        by_calloc, by_realloc,        by_reallocarray, by_memalign,
                                 by_aligned_alloc, by_valloc, by_posix_memalign, by_strdup};
  void (*release[])(void*, size_t) = {by_free,         by_growth,     by_shrinking,
                                      by_array_growth, by_usable_end, by_realloc_zero};
  static const size_t sizes[] = {1, 24, 100, 1000, 5000, 40000, 300000, 3000000};
  for (size_t a = 0; a < sizeof allocate / sizeof *allocate; a++)
    for (size_t r = 0; r < sizeof release / sizeof *release; r++)
      for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        check_case = a * 1000000000 + r * 100000000 + sizes[s];
        void* block = allocate[a](opaque(sizes[s]));
        CHECK_BLOCK(block);
        memset(block, 0x3c, sizes[s]);
        release[r](block, sizes[s]);
      }
  return 0;
}
