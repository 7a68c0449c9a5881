// fork from a thread that is not main, while others allocate: the child's only thread is that one, and it allocates,
// starts threads of its own and ends by exit.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
#include "../children.h"
#include "../threads.h"

static void* allocate_a_little(void* argument) {
  free(argument);
  for (size_t i = 1; i < 500; i++) free(malloc(i * 9));
  return strdup("from the child's thread");
}

static void* fork_body(void* argument) {
  for (size_t i = 1; i <= (size_t)argument; i++) {
    void* mine[8];
    parents_blocks_make(mine, 8);
    pid_t child = child_fork();
    if (child == 0) {
      child_work(mine, 8);
      pthread_t thread = thread_start(allocate_a_little, malloc(77));
      free(thread_join(thread));
      exit(0);
    }
    parents_blocks_free(mine, 8);
    CHECK_CHILD(child, 0);
  }
  return NULL;
}

int main(void) {
  deadline(30);
  crew_begin(4);
  pthread_t one = thread_start(fork_body, (void*)40);
  pthread_t two = thread_start(fork_body, (void*)40);
  thread_join(one);
  thread_join(two);
  crew_end();
  return 0;
}
