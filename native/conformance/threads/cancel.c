// Threads that are cancelled at a cancellation point between allocations; cleanup handlers and key destructors free,
// and a block that one leaves behind stays alive.
// @standard POSIX.1-2024, pthread_cancel()
#include "../threads.h"

static pthread_key_t key;
static atomic_int cleaned;

static void release(void* block) {
  free(block);
  atomic_fetch_add(&cleaned, 1);
}

static _Atomic(char*) left;

static void* body(void* argument) {
  pthread_setspecific(key, malloc(500));
  char* alive = malloc(250);
  CHECK_BLOCK(alive);
  memset(alive, 0x2b, 250);
  free(atomic_exchange(&left, alive));
  void* block = malloc(300);
  CHECK_BLOCK(block);
  pthread_cleanup_push(release, block);
  Random random = {(uintptr_t)argument + 1};
  for (;;) {
    void* more = malloc(random_size(&random, 100000));
    CHECK_BLOCK(more);
    free(more);
    pthread_testcancel();
  }
  pthread_cleanup_pop(1);
  return NULL;
}

int main(void) {
  deadline(30);
  CHECK_EQUAL(pthread_key_create(&key, release), 0);
  for (size_t i = 0; i < 100; i++) {
    pthread_t one = thread_start(body, (void*)i), two = thread_start(body, (void*)(i + 1000));
    usleep(i % 10 * 100);
    CHECK_EQUAL(pthread_cancel(one), 0);
    CHECK_EQUAL(pthread_cancel(two), 0);
    CHECK(thread_join(one) == PTHREAD_CANCELED);
    CHECK(thread_join(two) == PTHREAD_CANCELED);
    CHECK_FILLED(atomic_load(&left), 250, 0x2b);
  }
  CHECK_EQUAL(atomic_load(&cleaned), 400);
  return 0;
}
