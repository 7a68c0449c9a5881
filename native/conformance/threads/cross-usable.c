// malloc_usable_size of a block is the same in every thread, also after the one that allocated it has ended.
// @standard malloc_usable_size(3), man-pages 6.03
// @standard C23 7.24.3
#include <malloc.h>

#include "../threads.h"

typedef struct {
  void* block;
  size_t usable;
} Measured;

static void* allocate(void* argument) {
  Measured* one = argument;
  CHECK_BLOCK(one->block = malloc(one->usable));
  CHECK_AT_LEAST(malloc_usable_size(one->block), one->usable);
  one->usable = malloc_usable_size(one->block);
  return NULL;
}

static void* measure(void* argument) {
  const Measured* one = argument;
  CHECK_EQUAL(malloc_usable_size(one->block), one->usable);
  return NULL;
}

int main(void) {
  for (size_t size = 1; size < 2000000; size = size * 3 + 1) {
    check_case = size;
    Measured one = {NULL, size};
    thread_join(thread_start(allocate, &one));
    measure(&one);
    thread_join(thread_start(measure, &one));
    free(one.block);
  }
  return 0;
}
