// The target's birth: everything between the launcher's last step and the target's first.

#pragma once

#include <sys/types.h>

#include "../options.h"

namespace alloc8::launch {

// Where the target's output goes. -1: as inherited.
struct OutputEnds {
  int stdoutFd = -1;
  int stderrFd = -1;
};

struct Birth {
  pid_t pid = 0;               // 0: no process was made
  int error = 0;               // errno of the step that failed
  const char* step = nullptr;  // fork, affinity, aslr, exec
};

// Starts the target in this process's own environment and working folder. The caller must have all signals blocked;
// the target begins with none blocked and every disposition at its default. Where `error` is set and `pid` is not 0,
// the caller still has a dead child to collect.
Birth startTarget(const Options& options, OutputEnds output);

}  // namespace alloc8::launch
