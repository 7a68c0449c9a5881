// The blocks of a thread that has returned are alive: their content stays while new threads come, and others free them.
// @standard C23 7.24.3
// @standard POSIX.1-2024, pthread_create()
#include "../threads.h"

enum { generations = 40, blocks = 30 };

typedef struct {
  void* block[blocks];
} Left;

static size_t size_of(size_t at) { return 8 + at * at * 20; }

static void* body(void* argument) {
  Left* left = malloc(sizeof *left);
  CHECK_BLOCK(left);
  for (size_t i = 0; i < blocks; i++) {
    CHECK_BLOCK(left->block[i] = malloc(size_of(i)));
    pattern_fill(left->block[i], size_of(i), (size_t)argument + i);
  }
  return left;
}

int main(void) {
  deadline(30);
  Left* left[generations];
  for (size_t i = 0; i < generations; i++) left[i] = thread_join(thread_start(body, (void*)(i * 100)));
  for (size_t i = 0; i < generations; i++) {
    check_case = i + 1;
    for (size_t at = 0; at < blocks; at++) {
      CHECK_PATTERN(left[i]->block[at], size_of(at), i * 100 + at);
      free(left[i]->block[at]);
    }
    free(left[i]);
  }
  return 0;
}
