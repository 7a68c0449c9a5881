// A program that is started without descriptors 0, 1 and 2 starts, allocates, and none of them is taken.
// @standard POSIX.1-2024, exec
#include <fcntl.h>

#include "../children.h"

// Its report cannot be read: the status tells where it failed.
static int without_files(void) {
  for (size_t i = 0; i < 300; i++) {
    void* block = malloc(i * i * 10);
    if (!block) return 11;
    memset(block, 1, i * i * 10);
    free(block);
  }
  for (int file = 0; file < 3; file++)
    if (fcntl(file, F_GETFD) >= 0) return 12;
  return 0;
}

int main(int count, char** arguments) {
  if (count > 1) return without_files();
  pid_t child = child_fork();
  if (child == 0) {
    for (int file = 0; file < 3; file++) close(file);
    char* again[] = {arguments[0], (char*)"closed", NULL};
    execv("/proc/self/exe", again);
    _exit(13);
  }
  CHECK_CHILD(child, 0);
  return 0;
}
