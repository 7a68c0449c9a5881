// 2,000 short threads, 20 at a time: what a dead thread held is used again, so memory stays bounded.
// @standard C23 7.24.3
// @standard POSIX.1-2024, pthread_create()
#include "../machine.h"
#include "../threads.h"

static void* body(void* argument) {
  void* blocks[50];
  for (size_t i = 0; i < 50; i++) {
    CHECK_BLOCK(blocks[i] = malloc(1 + i * 100));
    memset(blocks[i], 1, 1 + i * 100);
  }
  for (size_t i = 0; i < 50; i++) free(blocks[i]);
  return argument;
}

static void hundred_threads(void) {
  for (int round = 0; round < 5; round++) {
    pthread_t thread[20];
    for (int i = 0; i < 20; i++) thread[i] = thread_start(body, NULL);
    for (int i = 0; i < 20; i++) thread_join(thread[i]);
  }
}

int main(void) {
  deadline(40);
  for (int i = 0; i < 4; i++) hundred_threads();
  size_t settled = resident_bytes();
  for (int i = 0; i < 16; i++) hundred_threads();
  CHECK_AT_MOST(resident_bytes(), settled + ((size_t)32 << 20));
  return 0;
}
