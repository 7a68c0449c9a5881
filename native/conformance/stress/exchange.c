// Three threads with a shared table: each takes a block that any of them allocated, checks it, and resizes, replaces or
// frees it. Sizes reach from bytes to megabytes.
// @standard C23 7.24.3
#include "../threads.h"

enum { threads = 3, slots = 400, steps = 25000 };

typedef struct {
  pthread_mutex_t lock;
  unsigned char* block;
  size_t size;
  size_t seed;
} Slot;

static Slot slot[slots];

static void* body(void* argument) {
  Random random = {(uintptr_t)argument * 31 + 7};
  for (size_t step = 1; step <= steps; step++) {
    Slot* one = &slot[random_below(&random, slots)];
    pthread_mutex_lock(&one->lock);
    CHECK_PATTERN(one->block, one->size, one->seed);
    size_t size = 1 + random_size(&random, step % 500 ? 6000 : 3000000);
    size_t kept = 0;
    switch (random_below(&random, 3)) {
      case 0:
        kept = size < one->size ? size : one->size;
        one->block = realloc(one->block, size);
        break;
      case 1:
        free(one->block);
        one->block = malloc(size);
        break;
      default:
        free(one->block);
        one->block = NULL;
        size = 0;
        break;
    }
    if (size) CHECK_BLOCK(one->block);
    CHECK_PATTERN(one->block, kept, one->seed);
    one->size = size;
    one->seed = step * threads + (size_t)argument;
    pattern_fill(one->block, size, one->seed);
    pthread_mutex_unlock(&one->lock);
  }
  return NULL;
}

int main(void) {
  deadline(40);
  for (int i = 0; i < slots; i++) pthread_mutex_init(&slot[i].lock, NULL);
  pthread_t thread[threads];
  for (size_t i = 0; i < threads; i++) thread[i] = thread_start(body, (void*)(i + 1));
  for (size_t i = 0; i < threads; i++) thread_join(thread[i]);
  for (int i = 0; i < slots; i++) {
    CHECK_PATTERN(slot[i].block, slot[i].size, slot[i].seed);
    free(slot[i].block);
  }
  return 0;
}
