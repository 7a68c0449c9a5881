// system, popen and pclose work while threads allocate.
// @standard POSIX.1-2024, system()
// @standard POSIX.1-2024, popen()
#include "../children.h"
#include "../threads.h"

int main(void) {
  deadline(30);
  crew_begin(4);
  for (int i = 0; i < 20; i++) {
    int status = system("exit 3");
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 3);
    FILE* pipe = popen("echo some words", "r");
    CHECK(pipe != NULL);
    char line[64] = "";
    CHECK(fgets(line, sizeof line, pipe) != NULL);
    CHECK_EQUAL(strcmp(line, "some words\n"), 0);
    CHECK_EQUAL(pclose(pipe), 0);
  }
  crew_end();
  return 0;
}
