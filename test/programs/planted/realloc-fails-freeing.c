// A realloc that fails frees the block.
// @caught-by sizes/realloc-failure
// @caught-by overflow/realloc
// @caught-by overflow/reallocarray
// @caught-by memory/limit-entry-points
// @caught-by memory/limit-reallocarray
#define PLANTED_REALLOC_FAILS(block) tagged_delete(block)
#include "tagged.h"
