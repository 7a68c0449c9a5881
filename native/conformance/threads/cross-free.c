// 100 threads that allocate blocks, hand them to each other through shared slots, and free what others allocated.
// @standard C23 7.24.3
// @standard POSIX.1-2024, pthread_create()
#include "../threads.h"

enum { threads = 100, slots = 512, steps = 3000 };

typedef struct {
  size_t size;
  size_t seed;
} Head;

static _Atomic(Head*) slot[slots];

static void check_and_free(Head* block) {
  if (!block) return;
  CHECK_PATTERN(block + 1, block->size, block->seed);
  free(block);
}

static void* body(void* argument) {
  Random random = {(uintptr_t)argument * 7919 + 1};
  for (size_t step = 0; step < steps; step++) {
    size_t size = random_size(&random, step % 100 ? 800 : 50000);
    Head* block = malloc(sizeof(Head) + size);
    CHECK_BLOCK(block);
    block->size = size;
    block->seed = (size_t)argument + step;
    pattern_fill(block + 1, size, block->seed);
    check_and_free(atomic_exchange(&slot[random_below(&random, slots)], block));
  }
  return NULL;
}

int main(void) {
  deadline(40);
  pthread_t thread[threads];
  for (size_t i = 0; i < threads; i++) thread[i] = thread_start(body, (void*)i);
  for (size_t i = 0; i < threads; i++) thread_join(thread[i]);
  for (size_t i = 0; i < slots; i++) check_and_free(atomic_load(&slot[i]));
  return 0;
}
