// A library whose constructor registers, as early as it can, atfork handlers that allocate and free: in prepare, in
// the parent and in the child. A heap whose own prepare handler runs first and locks deadlocks here.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int early_atfork_runs[3];

static char* kept;

static void work(int which) {
  early_atfork_runs[which]++;
  for (size_t size = 1; size < 200000; size = size * 7 + 5) {
    char* block = malloc(size);
    if (!block) _exit(3);
    memset(block, which, size);
    char* other = realloc(calloc(3, 7), size + 100);
    if (!other) _exit(3);
    free(block);
    free(other);
  }
}

static void prepare(void) {
  work(0);
  kept = malloc(300);
}

static void parent(void) {
  free(kept);
  work(1);
}

static void child(void) {
  free(kept);
  work(2);
}

__attribute__((constructor(101))) static void register_handlers(void) {
  if (pthread_atfork(prepare, parent, child) != 0) abort();
}
