// A locked heap that registers its atfork handlers at its first malloc, after those of early libraries.
// @caught-by fork/atfork-preloaded-first
// @caught-by fork/atfork-linked
// @caught-by fork/atfork-preloaded
#include "lock.h"

#include <stdatomic.h>
#include <stddef.h>

static void* planted_malloc(size_t size);

#define PLANTED_MALLOC(size) planted_malloc(size)
#include "tagged.h"

static atomic_int state;  // 0 before the constructor, 1 after it, 2 registered

__attribute__((constructor)) static void begin(void) { atomic_store(&state, 1); }

static void* planted_malloc(size_t size) {
  int ready = 1;
  if (atomic_compare_exchange_strong(&state, &ready, 2)) pthread_atfork(planted_enter, planted_leave, planted_leave);
  return tagged_new(16, size);
}
