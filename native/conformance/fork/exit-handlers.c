// A child that ends by exit runs the atexit handlers, which free the parent's blocks, and flushes stdio's buffers.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
#include "../children.h"
#include "../threads.h"

static void* kept[20];
static pid_t first;

static void free_kept(void) {
  for (size_t i = 0; i < 20; i++) {
    CHECK_FILLED(kept[i], 32, i);
    free(kept[i]);
  }
  void* fresh = malloc(40000);
  CHECK_BLOCK(fresh);
  free(fresh);
}

int main(void) {
  deadline(30);
  first = getpid();
  parents_blocks_make(kept, 20);
  CHECK_EQUAL(atexit(free_kept), 0);
  crew_begin(4);
  for (int i = 0; i < 60; i++) {
    pid_t child = child_fork();
    if (child == 0) {
      FILE* file = fopen("/dev/null", "w");
      CHECK(file != NULL);
      fprintf(file, "buffered");
      exit(7);
    }
    CHECK_CHILD(child, 7);
  }
  crew_end();
  return 0;
}
