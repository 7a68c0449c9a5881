// The yardstick for peak memory: runs a program from a parent that is as small as a C program gets, waits with wait4
// and prints the kernel's ru_maxrss in KiB. Build it static.

#define _GNU_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  pid_t pid = vfork();
  if (pid == 0) {
    execv(argv[1], argv + 1);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  if (wait4(pid, &status, 0, &usage) != pid || status != 0) return 1;
  printf("%ld\n", usage.ru_maxrss);
  return 0;
}
