// fork while threads start and end all the time: neither a thread's first nor its last allocation is caught half-way.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
#include "../children.h"
#include "../threads.h"

static atomic_int stop;

static void* short_life(void* argument) {
  free(argument);
  for (size_t i = 1; i < 20; i++) free(malloc(i * 50));
  return NULL;
}

static void* starter(void* argument) {
  (void)argument;
  while (!atomic_load(&stop)) thread_join(thread_start(short_life, malloc(40)));
  return NULL;
}

int main(void) {
  deadline(30);
  pthread_t starters[3];
  for (int i = 0; i < 3; i++) starters[i] = thread_start(starter, NULL);
  for (int i = 0; i < 150; i++) {
    void* mine[4];
    parents_blocks_make(mine, 4);
    pid_t child = child_fork();
    if (child == 0) {
      child_work(mine, 4);
      thread_join(thread_start(short_life, malloc(20)));
      _exit(0);
    }
    parents_blocks_free(mine, 4);
    CHECK_CHILD(child, 0);
  }
  atomic_store(&stop, 1);
  for (int i = 0; i < 3; i++) thread_join(starters[i]);
  return 0;
}
