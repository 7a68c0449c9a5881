// The body of the programs whose memory is limited from their start.
#pragma once

#include "../children.h"
#include "../machine.h"

static int limited(void) {
  void* blocks[1000];
  for (size_t i = 0; i < 1000; i++) {
    CHECK_BLOCK(blocks[i] = malloc(i * 50));
    memset(blocks[i], 1, i * 50);
  }
  for (size_t i = 0; i < 1000; i++) free(blocks[i]);
  char* large = malloc((size_t)100 << 20);
  CHECK_BLOCK(large);
  large[0] = 1;
  free(large);
  CHECK_REFUSED(malloc((size_t)600 << 20));
  return 0;
}

// Starts the program anew with 512 MiB of `resource`; there it starts, works, and refuses what is above.
static int check_limited(int count, char** arguments, int resource) {
  deadline(30);
  if (count > 1) return limited();
  pid_t child = child_fork();
  if (child == 0) {
    struct rlimit limit = {(rlim_t)512 << 20, (rlim_t)512 << 20};
    CHECK_EQUAL(setrlimit((__rlimit_resource_t)resource, &limit), 0);
    char* again[] = {arguments[0], (char*)"limited", NULL};
    execv("/proc/self/exe", again);
    FAIL("execv, expected no return, got errno %d", errno);
  }
  CHECK_CHILD(child, 0);
  return 0;
}
