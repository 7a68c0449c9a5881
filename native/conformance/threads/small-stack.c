// Threads on the smallest stack that the system allows allocate and free, first of all: a heap may not need deep
// stacks.
// @standard POSIX.1-2024, pthread_attr_setstacksize()
#include "../threads.h"

static void* body(void* argument) {
  static const size_t sizes[] = {1, 100, 5000, 100000, 3000000};
  void* blocks[5];
  for (int i = 0; i < 5; i++) {
    CHECK_BLOCK(blocks[i] = malloc(sizes[i]));
    *(char*)blocks[i] = 1;
    CHECK_BLOCK(blocks[i] = realloc(blocks[i], sizes[i] * 2));
  }
  for (int i = 0; i < 5; i++) free(blocks[i]);
  return argument;
}

int main(void) {
  deadline(30);
  pthread_attr_t attributes;
  CHECK_EQUAL(pthread_attr_init(&attributes), 0);
  CHECK_EQUAL(pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)), 0);
  for (int i = 0; i < 100; i++) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, &attributes, body, NULL), 0);
    thread_join(thread);
  }
  return 0;
}
