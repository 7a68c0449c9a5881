// A program starts with an environment of 600 kB, in many variables and in long ones.
// @standard POSIX.1-2024, exec
#include "../children.h"

extern char** environ;

enum { small = 3000, long_ones = 5, long_bytes = 100000 };

static int with_much(void) {
  CHECK_EQUAL(strlen(getenv("LONG_4")), long_bytes);
  CHECK_EQUAL(strcmp(getenv("SMALL_2999"), "2999"), 0);
  for (size_t i = 0; i < 300; i++) free(malloc(i * i));
  return 0;
}

static char names[small + long_ones][40];
static char text[long_ones][long_bytes + 40];
static char* all[small + long_ones + 1000];

int main(int count, char** arguments) {
  if (count > 1) return with_much();
  size_t at = 0;
  for (char** one = environ; *one && at < 900; one++) all[at++] = *one;
  for (int i = 0; i < small; i++) {
    snprintf(names[i], sizeof names[i], "SMALL_%d=%d", i, i);
    all[at++] = names[i];
  }
  for (int i = 0; i < long_ones; i++) {
    int length = snprintf(text[i], sizeof text[i], "LONG_%d=", i);
    memset(text[i] + length, 'x', long_bytes);
    all[at++] = text[i];
  }
  pid_t child = child_fork();
  if (child == 0) {
    char* again[] = {arguments[0], (char*)"again", NULL};
    execve("/proc/self/exe", again, all);
    if (errno == E2BIG) SKIP("the system allows no such environment (the limit on the stack)");
    FAIL("execve, expected no return, got errno %d", errno);
  }
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == check_skip_status) _exit(check_skip_status);
  if (WIFSIGNALED(status)) FAIL("child, expected status 0, got signal %d", WTERMSIG(status));
  CHECK_EQUAL(WEXITSTATUS(status), 0);
  return 0;
}
