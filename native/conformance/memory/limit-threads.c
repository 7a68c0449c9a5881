// Four threads meet the limit at once, free what they have and go on: nobody crashes, nobody waits for ever.
// @standard C23 7.24.3.6
#include "../machine.h"
#include "../threads.h"

static atomic_long refused;
static pthread_barrier_t ready;

static void* body(void* argument) {
  Random random = {(uintptr_t)argument + 9};
  enum { count = 600 };
  static _Thread_local char* blocks[count];
  free(malloc(100));
  pthread_barrier_wait(&ready);  // all threads have their stacks
  pthread_barrier_wait(&ready);  // memory is short now
  for (int round = 0; round < 15; round++) {
    size_t held = 0;
    while (held < count) {
      size_t size = 1 + random_size(&random, 8000000);
      errno = 0;
      if (!(blocks[held] = malloc(size))) {
        CHECK_EQUAL(errno, ENOMEM);
        atomic_fetch_add(&refused, 1);
        break;
      }
      blocks[held][0] = blocks[held][size - 1] = (char)held;
      held++;
    }
    while (held--) {
      CHECK_EQUAL(blocks[held][0], (char)held);
      free(blocks[held]);
    }
  }
  return NULL;
}

int main(void) {
  deadline(40);
  pthread_t thread[4];
  CHECK_EQUAL(pthread_barrier_init(&ready, NULL, 5), 0);
  for (size_t i = 0; i < 4; i++) thread[i] = thread_start(body, (void*)i);
  pthread_barrier_wait(&ready);
  limit_address_space((size_t)96 << 20);
  pthread_barrier_wait(&ready);
  for (int i = 0; i < 4; i++) thread_join(thread[i]);
  CHECK_AT_LEAST(atomic_load(&refused), 15);
  void* block = malloc(100000);
  CHECK_BLOCK(block);
  free(block);
  return 0;
}
