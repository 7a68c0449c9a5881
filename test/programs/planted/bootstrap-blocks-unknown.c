// The first 40 blocks come from elsewhere, and free does not know them.
// @caught-by early/constructor
// @caught-by early/preinit
// @caught-by early/library-constructor
#include <stdatomic.h>
#include <stddef.h>

static void* planted_malloc(size_t size);

#define PLANTED_MALLOC(size) planted_malloc(size)
#include "tagged.h"

static void* planted_malloc(size_t size) {
  static atomic_ulong calls;
  return atomic_fetch_add(&calls, 1) < 40 ? __libc_malloc(size + 64) : tagged_new(16, size);
}
