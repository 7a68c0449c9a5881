// In a forked child free ends the program.
// @caught-by early/quick-exit
// @caught-by fork/atfork-dlclose
// @caught-by fork/busy-threads
// @caught-by fork/exit-handlers
// @caught-by fork/many-children
// @caught-by fork/nested
// @caught-by memory/limit-fork
// @caught-by threads/exit-while-busy
#include <stdlib.h>

static int in_child;

#define PLANTED_FREE(block) (in_child ? (abort(), 1) : 0)
#include "tagged.h"

static void child(void) { in_child = 1; }

__attribute__((constructor)) static void begin(void) { pthread_atfork(NULL, NULL, child); }
