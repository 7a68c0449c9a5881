// 200 threads alive at once, each with small blocks of its own: all get their memory, and no thread costs more than
// 1 MiB of it.
// @standard C23 7.24.3
// @standard POSIX.1-2024, pthread_create()
#include "../machine.h"
#include "../threads.h"

enum { threads = 200, blocks = 40 };

static pthread_barrier_t all_have, may_end;

static void* body(void* argument) {
  void* mine[blocks];
  for (size_t i = 0; i < blocks; i++) {
    CHECK_BLOCK(mine[i] = malloc(16 + i * 8));
    memset(mine[i], (int)i, 16 + i * 8);
  }
  pthread_barrier_wait(&all_have);
  pthread_barrier_wait(&may_end);
  for (size_t i = 0; i < blocks; i++) {
    CHECK_FILLED(mine[i], 16 + i * 8, i);
    free(mine[i]);
  }
  return argument;
}

int main(void) {
  deadline(30);
  pthread_t thread[threads];
  CHECK_EQUAL(pthread_barrier_init(&all_have, NULL, threads + 1), 0);
  CHECK_EQUAL(pthread_barrier_init(&may_end, NULL, threads + 1), 0);
  size_t before = resident_bytes();
  for (int i = 0; i < threads; i++) thread[i] = thread_start(body, NULL);
  pthread_barrier_wait(&all_have);
  CHECK_AT_MOST(resident_bytes(), before + ((size_t)threads << 20));
  pthread_barrier_wait(&may_end);
  for (int i = 0; i < threads; i++) thread_join(thread[i]);
  return 0;
}
