// Every 1,000th malloc gives a block that is in use already.
// @caught-by stress/random
// @caught-by stress/exchange
// @caught-by stress/churn
// @caught-by memory/many
// @caught-by threads/cross-free
#include <stdatomic.h>
#include <stddef.h>

static void* planted_malloc(size_t size);

#define PLANTED_MALLOC(size) planted_malloc(size)
#include "tagged.h"

// Now and then the block that was given last, where it is large enough, given again.
static void* planted_malloc(size_t size) {
  static _Atomic(void*) last;
  static atomic_ulong calls;
  void* block = atomic_load(&last);
  if (atomic_fetch_add(&calls, 1) % 1000 == 999 && block && tag_of(block)->size >= size) return block;
  block = tagged_new(16, size);
  atomic_store(&last, block);
  return block;
}
