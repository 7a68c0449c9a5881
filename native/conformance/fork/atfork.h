// The body of the programs with early atfork handlers: forks while threads allocate, and the handlers are seen to run.
#pragma once

#include <dlfcn.h>

#include "../children.h"
#include "../threads.h"

static inline void check_forks_with_handlers(size_t forks) {
  int* runs = (int*)dlsym(RTLD_DEFAULT, "early_atfork_runs");
  CHECK(runs != NULL);
  deadline(30);
  crew_begin(4);
  long end_ms = now_ms() + 1500;  // where the machine is busy, fewer will do
  for (size_t i = 1; i <= forks && (i <= 30 || now_ms() < end_ms); i++) {
    check_case = i;
    void* mine[8];
    parents_blocks_make(mine, 8);
    pid_t child = child_fork();
    if (child == 0) {
      CHECK_EQUAL(runs[2], 1);
      child_work(mine, 8);
      _exit(0);
    }
    parents_blocks_free(mine, 8);
    CHECK_CHILD(child, 0);
    CHECK_EQUAL(runs[0], i);
    CHECK_EQUAL(runs[1], i);
  }
  crew_end();
}
