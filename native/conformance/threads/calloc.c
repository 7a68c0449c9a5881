// Threads that dirty memory, free it for one another and take it again by calloc find it zeroed.
// @standard C23 7.24.3.2
// @standard C23 7.24.3
#include "../threads.h"

enum { threads = 8, slots = 64, steps = 3000 };

static _Atomic(char*) slot[slots];

static void* body(void* argument) {
  Random random = {(uintptr_t)argument + 1};
  for (int step = 0; step < steps; step++) {
    size_t size = 1 + random_size(&random, step % 50 ? 2000 : 300000);
    check_case = size;
    char* block = calloc(size, 1);
    CHECK_BLOCK(block);
    CHECK_FILLED(block, size, 0);
    memset(block, 0xa5, size);
    free(atomic_exchange(&slot[random_below(&random, slots)], block));
  }
  return NULL;
}

int main(void) {
  deadline(30);
  pthread_t thread[threads];
  for (size_t i = 0; i < threads; i++) thread[i] = thread_start(body, (void*)i);
  for (size_t i = 0; i < threads; i++) thread_join(thread[i]);
  for (int i = 0; i < slots; i++) free(atomic_load(&slot[i]));
  return 0;
}
