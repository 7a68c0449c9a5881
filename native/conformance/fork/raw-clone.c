// The clone system call made as a fork, behind libc's back, while threads allocate: its child does async-signal-safe
// things only and writes to its copy of a block; the parent's copy is as it was, and the parent goes on allocating.
// @standard clone(2)
#include <sys/syscall.h>

#include "../children.h"
#include "../threads.h"

int main(void) {
  deadline(30);
  crew_begin(4);
  for (int i = 0; i < 80; i++) {
    void* mine[8];
    parents_blocks_make(mine, 8);
#if defined(__s390__) || defined(__CRIS__)
    long child = syscall(SYS_clone, 0, SIGCHLD, 0, 0, 0);
#else
    long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
    if (child == 0) {
      memset(mine[3], 0xff, 32);
      _exit(6);
    }
    CHECK(child > 0);
    CHECK_CHILD((pid_t)child, 6);
    parents_blocks_free(mine, 8);
  }
  crew_end();
  return 0;
}
