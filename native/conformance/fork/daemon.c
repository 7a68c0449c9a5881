// A process becomes a daemon as services do: it forks, its child starts a session and forks again, the child ends by
// _exit, and the grandchild, which nobody waits for, works on with the blocks of the first.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, setsid()
#include "../children.h"

// Tells the first process by a pipe how it went; without a word it has not gone well.
static void work_on(int tell, void** blocks, size_t count) {
  alarm(child_seconds * check_slowness());
  child_work(blocks, count);
  if (write(tell, "1", 1) != 1) _exit(1);
  _exit(0);
}

int main(void) {
  deadline(30);
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  void* blocks[20];
  parents_blocks_make(blocks, 20);
  pid_t child = child_fork();
  if (child == 0) {
    CHECK(setsid() > 0);
    pid_t daemon = fork();
    CHECK(daemon >= 0);
    if (daemon == 0) work_on(ends[1], blocks, 20);
    _exit(0);
  }
  CHECK_CHILD(child, 0);
  close(ends[1]);
  char word = 0;
  ssize_t length = read(ends[0], &word, 1);
  if (length != 1 || word != '1') FAIL("the grandchild, expected its word, got none: it ended before");
  parents_blocks_free(blocks, 20);
  return 0;
}
