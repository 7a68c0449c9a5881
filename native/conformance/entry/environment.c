// setenv, unsetenv and clearenv work on the heap: libc allocates, resizes and frees the environment and its variables.
// @standard POSIX.1-2024, setenv()
#include "../check.h"

int main(void) {
  char name[32], value[400];
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 500; i++) {
      snprintf(name, sizeof name, "NAME_%d", i);
      memset(value, 'v', sizeof value);
      value[i % 399] = 0;
      CHECK_EQUAL(setenv(name, value, 1), 0);
    }
    for (int i = 0; i < 500; i++) {
      snprintf(name, sizeof name, "NAME_%d", i);
      CHECK_EQUAL(strlen(getenv(name)), i % 399);
      if (i % 2) CHECK_EQUAL(unsetenv(name), 0);
    }
  }
  CHECK_EQUAL(clearenv(), 0);
  CHECK_EQUAL(setenv("AFTER", "clearing", 1), 0);
  CHECK_EQUAL(strcmp(getenv("AFTER"), "clearing"), 0);
  return 0;
}
