// Detached threads that nobody joins: each allocates, frees what main gave it, and leaves a block that main frees.
// @standard POSIX.1-2024, pthread_detach()
#include <semaphore.h>

#include "../threads.h"

enum { threads = 300 };

static sem_t ready;
static _Atomic(char*) left[threads];

static void* body(void* argument) {
  size_t* at = argument;
  char* block = malloc(*at + 100);
  CHECK_BLOCK(block);
  memset(block, 0x44, *at + 100);
  atomic_store(&left[*at], block);
  free(at);
  sem_post(&ready);
  return NULL;
}

int main(void) {
  deadline(30);
  CHECK_EQUAL(sem_init(&ready, 0, 0), 0);
  for (size_t i = 0; i < threads; i++) {
    size_t* at = malloc(sizeof *at);
    CHECK_BLOCK(at);
    *at = i;
    CHECK_EQUAL(pthread_detach(thread_start(body, at)), 0);
    if (i >= 20) CHECK_EQUAL(sem_wait(&ready), 0);
  }
  for (size_t i = 0; i < 20; i++) CHECK_EQUAL(sem_wait(&ready), 0);
  for (size_t i = 0; i < threads; i++) {
    char* block = atomic_load(&left[i]);
    CHECK_FILLED(block, i + 100, 0x44);
    free(block);
  }
  return 0;
}
