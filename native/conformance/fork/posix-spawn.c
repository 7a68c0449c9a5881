// posix_spawn and posix_spawnp, with file actions (which libc allocates), while threads allocate.
// @standard POSIX.1-2024, posix_spawn()
#include <fcntl.h>
#include <spawn.h>

#include "../children.h"
#include "../threads.h"

extern char** environ;

// Whether all actions were taken: the child has the first and the last descriptor.
static const char opened[] = "[ -e /proc/self/fd/20 ] && [ -e /proc/self/fd/39 ] && exit 4; exit 5";

int main(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 64) SKIP("fewer than 64 files may be open");
  deadline(30);
  crew_begin(4);
  char* arguments[] = {(char*)"sh", (char*)"-c", (char*)opened, NULL};
  for (int i = 0; i < 40; i++) {
    posix_spawn_file_actions_t actions;
    CHECK_EQUAL(posix_spawn_file_actions_init(&actions), 0);
    for (int file = 20; file < 40; file++)
      CHECK_EQUAL(posix_spawn_file_actions_addopen(&actions, file, "/dev/null", O_RDONLY, 0), 0);
    pid_t child;
    int result = i % 2 ? posix_spawn(&child, "/bin/sh", &actions, NULL, arguments, environ)
                       : posix_spawnp(&child, "sh", &actions, NULL, arguments, environ);
    CHECK_EQUAL(result, 0);
    CHECK_EQUAL(posix_spawn_file_actions_destroy(&actions), 0);
    CHECK_CHILD(child, 4);
  }
  crew_end();
  return 0;
}
