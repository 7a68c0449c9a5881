// Blocks that were given before the heap's constructor ran come from libc; later the heap does not know them.
// @caught-by early/preinit
// @caught-by early/library-constructor
#include <stddef.h>

static void* planted_malloc(size_t size);

#define PLANTED_MALLOC(size) planted_malloc(size)
#include "tagged.h"

static int ready;

__attribute__((constructor)) static void begin(void) { ready = 1; }

static void* planted_malloc(size_t size) { return ready ? tagged_new(16, size) : __libc_malloc(size + 64); }
