// The program finds the file descriptors it would have without a heap in front: the lowest free one is 3, also after
// much allocating and after it closed all of them.
// @standard POSIX.1-2024, open()
#include <fcntl.h>

#include "../check.h"

static void check_lowest_free(int expected) {
  int file = open("/dev/null", O_RDONLY);
  CHECK_EQUAL(file, expected);
  CHECK_EQUAL(close(file), 0);
}

static void allocate(void) {
  void* blocks[200];
  for (size_t i = 0; i < 200; i++) CHECK_BLOCK(blocks[i] = malloc(i * i * 20));
  for (size_t i = 0; i < 200; i++) free(blocks[i]);
}

int main(void) {
  check_lowest_free(3);
  allocate();
  check_lowest_free(3);
  int report = fcntl(2, F_DUPFD, 500);
  for (int file = 0; file < 400; file++) close(file);
  allocate();
  check_lowest_free(0);
  CHECK_EQUAL(dup2(report, 2), 2);
  return 0;
}
