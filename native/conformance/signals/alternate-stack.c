// Threads with alternate signal stacks, made by malloc, take signals on them while they allocate.
// @standard POSIX.1-2024, sigaltstack()
#include "../threads.h"

static atomic_long signals_seen;

static void on_signal(int number) {
  (void)number;
  atomic_fetch_add(&signals_seen, 1);
}

static atomic_int finished;

static void* body(void* argument) {
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_size = 65536;
  stack.ss_sp = malloc(stack.ss_size);
  CHECK_BLOCK(stack.ss_sp);
  CHECK_EQUAL(sigaltstack(&stack, NULL), 0);
  Random random = {(uintptr_t)argument + 1};
  while (!atomic_load(&finished)) {
    void* block = malloc(random_size(&random, 100000));
    CHECK_BLOCK(block);
    free(block);
  }
  void* stack_block = stack.ss_sp;
  stack.ss_flags = SS_DISABLE;
  CHECK_EQUAL(sigaltstack(&stack, NULL), 0);
  free(stack_block);
  return NULL;
}

int main(void) {
  deadline(30);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
  pthread_t thread[3];
  for (size_t i = 0; i < 3; i++) thread[i] = thread_start(body, (void*)i);
  for (int i = 0; i < 300; i++) {
    for (int t = 0; t < 3; t++) CHECK_EQUAL(pthread_kill(thread[t], SIGUSR1), 0);
    usleep(500);
  }
  atomic_store(&finished, 1);
  for (int i = 0; i < 3; i++) thread_join(thread[i]);
  CHECK_AT_LEAST(atomic_load(&signals_seen), 100);
  return 0;
}
