// Threads that end by pthread_exit deep in a call, with cleanup handlers that free; their results are freed by main.
// @standard POSIX.1-2024, pthread_exit()
// @flags -Wno-infinite-recursion
#include "../threads.h"

static void release(void* block) { free(block); }

__attribute__((noinline)) static void deep(int level, size_t mark) {
  void* block = malloc(200 + (size_t)level);
  CHECK_BLOCK(block);
  pthread_cleanup_push(release, block);
  if (level == 0) {
    size_t* result = malloc(sizeof *result);
    CHECK_BLOCK(result);
    *result = mark;
    pthread_exit(result);
  }
  deep(level - 1, mark);
  pthread_cleanup_pop(1);
}

static void* body(void* argument) {
  deep(20, (size_t)argument);
  return NULL;
}

int main(void) {
  deadline(30);
  for (size_t round = 0; round < 300; round += 6) {
    pthread_t thread[6];
    for (size_t i = 0; i < 6; i++) thread[i] = thread_start(body, (void*)(round + i));
    for (size_t i = 0; i < 6; i++) {
      size_t* result = thread_join(thread[i]);
      CHECK_BLOCK(result);
      CHECK_EQUAL(*result, round + i);
      free(result);
    }
  }
  return 0;
}
