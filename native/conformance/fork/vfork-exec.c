// vfork and exec while threads allocate: the parent's heap is as it was, and its thread goes on allocating.
// @standard vfork(2)
#include "../children.h"
#include "../threads.h"

int main(void) {
  deadline(30);
  crew_begin(4);
  char* arguments[] = {(char*)"true", NULL};
  for (int i = 0; i < 40; i++) {
    void* mine[8];
    parents_blocks_make(mine, 8);
    pid_t child = vfork();
    if (child == 0) {
      execv("/bin/true", arguments);
      _exit(9);
    }
    CHECK(child > 0);
    parents_blocks_free(mine, 8);
    CHECK_CHILD(child, 0);
  }
  crew_end();
  return 0;
}
