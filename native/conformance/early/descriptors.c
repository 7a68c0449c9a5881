// The program finds the file descriptors it would have without a heap in front: the lowest free one is 3, also after
// much allocating and after it closed all of them.
// @standard POSIX.1-2024, open()
#include <fcntl.h>
#include <sys/resource.h>

#include "../check.h"

static void check_lowest_free(int expected) {
  int file = open("/dev/null", O_RDONLY);
  CHECK_EQUAL(file, expected);
  CHECK_EQUAL(close(file), 0);
}

static void allocate(void) {
  void* blocks[200];
  for (size_t i = 0; i < 200; i++) {
    blocks[i] = malloc(i * i * 20);
    if (!blocks[i]) _exit(3);
  }
  for (size_t i = 0; i < 200; i++) free(blocks[i]);
}

// Starts this program anew with descriptors 0, 1 and 2 and no others, whatever it was given.
static void start_clean(char** arguments) {
  for (int file = open("/dev/null", O_RDWR); file >= 0 && file <= 2;) file = open("/dev/null", O_RDWR);
  for (int file = 3; file < 1024; file++) close(file);
  check_done_later();
  char* again[] = {arguments[0], (char*)"clean", NULL};
  execv("/proc/self/exe", again);
  FAIL("execv, expected no return, got errno %d", errno);
}

int main(int count, char** arguments) {
  if (count == 1) start_clean(arguments);
  check_lowest_free(3);
  allocate();
  check_lowest_free(3);
  struct rlimit files;
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &files), 0);
  int report_at = files.rlim_cur > 500 ? 500 : (int)files.rlim_cur - 1;
  int report = fcntl(2, F_DUPFD, report_at);
  CHECK_EQUAL(report, report_at);
  for (int file = 0; file < report_at; file++) close(file);
  allocate();
  int lowest = open("/dev/null", O_RDONLY);
  // What is found is told by the old descriptor 2.
  if (lowest != 2) CHECK_EQUAL(dup2(report, 2), 2);
  CHECK_EQUAL(lowest, 0);
  return 0;
}
