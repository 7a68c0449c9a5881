// Forks nested eight deep, each process with busy threads of its own: every level frees what its ancestors allocated.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
#include "../children.h"
#include "../threads.h"

static void level(int depth, void* inherited) {
  // Of the first alone: its time is that of all.
  if (depth == 0)
    deadline(28);
  else
    alarm(28);
  CHECK_FILLED(inherited, 3000, depth);
  free(inherited);
  if (depth == 8) return;
  crew_begin(depth < 2 ? 2 : 1);
  // Two children on the first levels, then one: 31 processes in all.
  for (int i = 0; i < (depth < 2 ? 2 : 1); i++) {
    void* block = malloc(3000);
    CHECK_BLOCK(block);
    memset(block, depth + 1, 3000);
    pid_t child = child_fork();
    if (child == 0) {
      level(depth + 1, block);
      _exit(0);
    }
    free(block);
    CHECK_CHILD(child, 0);
  }
  if (depth == 0) crew_end();
}

int main(void) {
  void* block = calloc(1, 3000);
  CHECK_BLOCK(block);
  level(0, block);
  return 0;
}
