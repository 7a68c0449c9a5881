// Processes that can make no file, as nobody may write a byte: a child, a child of that child, and a program. One child
// does nothing, and so has nothing to record.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void allocate(void) {
  char* volatile block = malloc(777);
  free(block);
}

static void end_of(pid_t child) {
  int status = 1;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) _exit(9);
}

int main(int argc, char** argv) {
  if (argc > 1) {
    allocate();
    return 0;
  }
  allocate();
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_FSIZE, &none);
  pid_t child = fork();
  if (child == 0) {
    allocate();
    pid_t grandchild = fork();
    if (grandchild == 0) {
      allocate();
      _exit(0);
    }
    end_of(grandchild);
    _exit(0);
  }
  end_of(child);
  pid_t idle = fork();
  if (idle == 0) _exit(0);
  end_of(idle);
  pid_t program = fork();
  if (program == 0) {
    execl(argv[0], argv[0], "leaf", NULL);
    _exit(8);
  }
  end_of(program);
  return 0;
}
