// A program that writes nothing writes nothing under the heap: its standard output and its standard error stay empty.
// @standard POSIX.1-2024, exec
#include "../children.h"

static void start_again(int file, void* program) {
  (void)file;
  char* again[] = {program, (char*)"again", NULL};
  execv("/proc/self/exe", again);
}

int main(int count, char** arguments) {
  if (count > 1) {
    for (size_t i = 0; i < 300; i++) free(malloc(i * i * 10));
    return 0;
  }
  size_t to_stdout = child_written(1, start_again, arguments[0]);
  size_t to_stderr = child_written(2, start_again, arguments[0]);
  CHECK_EQUAL(to_stdout, 0);
  CHECK_EQUAL(to_stderr, 0);
  return 0;
}
