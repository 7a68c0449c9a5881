// All blocks of 0 bytes have one address.
// @caught-by sizes/zero-malloc
// @caught-by sizes/realloc-null
static char nothing[16] __attribute__((aligned(16)));
#define PLANTED_MALLOC(size) ((size) == 0 ? nothing : tagged_new(16, size))
#define PLANTED_FREE(block) ((char*)(block) == nothing)
#include "tagged.h"
