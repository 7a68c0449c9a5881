// A system call inside malloc that a signal interrupts makes malloc fail.
// @caught-by signals/alarm
// @caught-by signals/alternate-stack
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

static void* planted_malloc(size_t size);

#define PLANTED_MALLOC(size) planted_malloc(size)
#include "tagged.h"

static void* planted_malloc(size_t size) {
  static atomic_ulong calls;
  struct timespec pause = {0, 200000};
  if (atomic_fetch_add(&calls, 1) % 16 == 0 && nanosleep(&pause, NULL) != 0) return NULL;
  return tagged_new(16, size);
}
