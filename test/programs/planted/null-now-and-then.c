// Every 97th malloc is null without a reason.
// @caught-by entry/libc-blocks
// @caught-by entry/environment
// @caught-by early/dlopen
// @caught-by early/static-objects
// @caught-by early/tool-in-front
// @caught-by operators/across-library
// @caught-by threads/exit
// @caught-by threads/main-exits
// @caught-by threads/detached
// @caught-by threads/exit-while-busy
// @caught-by fork/posix-spawn
// @caught-by fork/system-popen
// @caught-by fork/vfork-exec
// @caught-by fork/under-fork
// @caught-by signals/alarm
// @caught-by signals/alternate-stack
// @caught-by statistics/calls
// @caught-by extension/containers
// @caught-by early/atexit
// @caught-by memory/limit-other-sizes
// @caught-by early/dlsym
// @caught-by threads/dynamic-tls
#include <stdatomic.h>
#include <stddef.h>

static void* planted_malloc(size_t size);

#define PLANTED_MALLOC(size) planted_malloc(size)
#include "tagged.h"

static void* planted_malloc(size_t size) {
  static atomic_ulong calls;
  return atomic_fetch_add(&calls, 1) % 97 == 96 ? NULL : tagged_new(16, size);
}
