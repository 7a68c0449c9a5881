// C11 threads: thrd_create, thrd_exit, tss destructors that free, mtx and cnd; blocks cross from thread to thread.
// @standard C23 7.28.5
#include <threads.h>

#include "../random.h"

static tss_t slot;

static int body(void* argument) {
  CHECK_EQUAL(tss_set(slot, malloc(900)), thrd_success);
  Random random = {(uintptr_t)argument};
  for (int i = 0; i < 300; i++) {
    void* block = malloc(random_size(&random, 30000));
    CHECK_BLOCK(block);
    free(block);
  }
  free(argument);
  thrd_exit(11);
}

int main(void) {
  CHECK_EQUAL(tss_create(&slot, free), thrd_success);
  for (int round = 0; round < 60; round++) {
    thrd_t thread[4];
    for (int i = 0; i < 4; i++) CHECK_EQUAL(thrd_create(&thread[i], body, malloc(64)), thrd_success);
    for (int i = 0; i < 4; i++) {
      int result = 0;
      CHECK_EQUAL(thrd_join(thread[i], &result), thrd_success);
      CHECK_EQUAL(result, 11);
    }
  }
  return 0;
}
