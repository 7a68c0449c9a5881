// Threads whose first call to the heap is a free, a realloc or a question, of a block of another thread.
// @standard C23 7.24.3
// @standard POSIX.1-2024, pthread_create()
#include <malloc.h>

#include "../threads.h"

static void* by_free(void* block) {
  free(block);
  return NULL;
}

static void* by_realloc(void* block) { return realloc(block, 9000); }

static void* by_usable_size(void* block) {
  CHECK_AT_LEAST(malloc_usable_size(block), 700);
  return block;
}

int main(void) {
  for (int round = 0; round < 50; round++) {
    check_case = (size_t)round + 1;
    void* block = malloc(700);
    CHECK_BLOCK(block);
    memset(block, 0x19, 700);
    block = thread_join(thread_start(by_usable_size, block));
    block = thread_join(thread_start(by_realloc, block));
    CHECK_BLOCK(block);
    CHECK_FILLED(block, 700, 0x19);
    thread_join(thread_start(by_free, block));
  }
  return 0;
}
