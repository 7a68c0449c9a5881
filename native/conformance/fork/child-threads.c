// A child of a process with busy threads starts busy threads itself and forks again: its heap is whole, not crippled.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
#include "../children.h"
#include "../threads.h"

int main(void) {
  deadline(30);
  crew_begin(4);
  for (int i = 0; i < 15; i++) {
    pid_t child = child_fork();
    if (child == 0) {
      crew_begin(2);
      child_works();
      crew_end();
      _exit(0);
    }
    CHECK_CHILD(child, 0);
  }
  crew_end();
  return 0;
}
