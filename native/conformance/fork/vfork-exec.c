// vfork and exec while threads allocate: the child borrows the parent's memory, whose heap is as it was; its thread
// goes on allocating.
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
    volatile int borrowed = 0;
    pid_t child = vfork();
    if (child == 0) {
      borrowed = 1;
      execv("/bin/true", arguments);
      _exit(9);
    }
    CHECK(child > 0);
    CHECK_EQUAL(borrowed, 1);
    parents_blocks_free(mine, 8);
    CHECK_CHILD(child, 0);
  }
  crew_end();
  return 0;
}
