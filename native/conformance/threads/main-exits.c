// main ends by pthread_exit while other threads go on allocating; the last one to end frees main's blocks.
// @standard C23 7.24.3
// @standard POSIX.1-2024, pthread_create()
#include "../threads.h"

static void* mains_block;
static pthread_t mains_thread;

static void* body(void* argument) {
  Random random = {(uintptr_t)argument + 1};
  for (int i = 0; i < 20000; i++) {
    void* block = malloc(random_size(&random, 3000));
    CHECK_BLOCK(block);
    free(block);
  }
  return NULL;
}

static void* last(void* argument) {
  pthread_t* workers = argument;
  thread_join(mains_thread);
  thread_join(workers[0]);
  thread_join(workers[1]);
  CHECK_FILLED(mains_block, 5000, 0x71);
  free(mains_block);
  free(workers);
  exit(check_done());
}

int main(void) {
  deadline(30);
  mains_block = malloc(5000);
  CHECK_BLOCK(mains_block);
  memset(mains_block, 0x71, 5000);
  mains_thread = pthread_self();
  pthread_t* workers = malloc(2 * sizeof *workers);
  CHECK_BLOCK(workers);
  workers[0] = thread_start(body, (void*)1);
  workers[1] = thread_start(body, (void*)2);
  thread_start(last, workers);
  pthread_exit(NULL);
}
