// Threads with alternate signal stacks, made by malloc, take signals on them, and not on others, while they allocate.
// @standard POSIX.1-2024, sigaltstack()
#include "../threads.h"

enum { stack_bytes = 65536 };

static atomic_long signals_seen, threads_ready;

static __thread char* my_stack;

static void on_signal(int number) {
  char here = (char)number;
  size_t at = (size_t)((char*)hide(&here) - my_stack);
  CHECK_AT_MOST(at, stack_bytes);
  atomic_fetch_add(&signals_seen, 1);
}

static atomic_int finished;

static void* body(void* argument) {
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_size = stack_bytes;
  stack.ss_sp = malloc(stack.ss_size);
  CHECK_BLOCK(stack.ss_sp);
  my_stack = stack.ss_sp;
  CHECK_EQUAL(sigaltstack(&stack, NULL), 0);
  atomic_fetch_add(&threads_ready, 1);
  Random random = {(uintptr_t)argument + 1};
  while (!atomic_load(&finished)) {
    void* block = malloc(random_size(&random, 100000));
    CHECK_BLOCK(block);
    free(block);
  }
  // A signal may be on its way still: main frees the stacks.
  return my_stack;
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
  while (atomic_load(&threads_ready) < 3) usleep(100);
  for (int i = 0; i < 300 || atomic_load(&signals_seen) < 100; i++) {
    for (int t = 0; t < 3; t++) CHECK_EQUAL(pthread_kill(thread[t], SIGUSR1), 0);
    usleep(500);
  }
  atomic_store(&finished, 1);
  for (int i = 0; i < 3; i++) free(thread_join(thread[i]));
  return 0;
}
