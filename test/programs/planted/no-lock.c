// A cache of free blocks without a lock.
// @caught-by stress/random
// @caught-by stress/exchange
// @caught-by threads/cross-free
#include <sched.h>
#include <stddef.h>

static void* planted_malloc(size_t size);
static int planted_free(void* block);

#define PLANTED_MALLOC(size) planted_malloc(size)
#define PLANTED_FREE(block) planted_free(block)
#include "tagged.h"

typedef struct Cached {
  struct Cached* next;
} Cached;

static Cached* volatile cache[64];  // by size / 16

static void* planted_malloc(size_t size) {
  size_t at = (size + 15) / 16;
  if (at == 0 || at >= 64) return tagged_new(16, size);
  Cached* block = cache[at];
  if (!block) return tagged_new(16, at * 16);
  Cached* next = block->next;
  static unsigned calls;
  if (++calls % 20 == 0) sched_yield();  // so that the race is lost also where the machine is busy
  cache[at] = next;
  return block;
}

static int planted_free(void* block) {
  size_t size = tag_of(block)->size, at = size / 16;
  if (size % 16 || at == 0 || at >= 64) return 0;
  ((Cached*)block)->next = cache[at];
  cache[at] = block;
  return 1;
}
