// The process exits while four threads allocate: exit handlers and destructors free and allocate, no crash, no hang.
// @standard C23 7.24.3
// @standard POSIX.1-2024, pthread_create()
#include "../children.h"
#include "../threads.h"

static char* registry[300];

__attribute__((destructor)) static void destroy_registry(void) {
  for (size_t i = 0; i < 300; i++) free(registry[i]);
  free(calloc(1, 70000));
}

static void at_exit(void) {
  for (size_t i = 0; i < 300; i++) CHECK_BLOCK(registry[i] = realloc(registry[i], 1000 + i));
}

int main(void) {
  deadline(40);
  for (size_t i = 0; i < 300; i++) CHECK_BLOCK(registry[i] = malloc(100 + i));
  CHECK_EQUAL(atexit(at_exit), 0);
  for (int i = 0; i < 25; i++) {
    pid_t child = child_fork();
    if (child == 0) {
      crew_begin(4);
      usleep((useconds_t)i * 50);
      exit(3);
    }
    CHECK_CHILD(child, 3);
  }
  return 0;
}
