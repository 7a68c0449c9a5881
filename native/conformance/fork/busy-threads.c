// Up to 300 forks while four threads allocate: every child frees its parent's blocks and allocates; no deadlock.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
#include "../children.h"
#include "../threads.h"

enum { forks = 300, blocks = 16 };

int main(void) {
  deadline(30);
  crew_begin(4);
  long end_ms = now_ms() + 1500;  // where the machine is busy, fewer will do
  for (size_t i = 1; i <= forks && (i <= 30 || now_ms() < end_ms); i++) {
    check_case = i;
    void* mine[blocks];
    parents_blocks_make(mine, blocks);
    pid_t child = child_fork();
    if (child == 0) {
      child_work(mine, blocks);
      _exit(0);
    }
    parents_blocks_free(mine, blocks);
    CHECK_CHILD(child, 0);
  }
  crew_end();
  return 0;
}
