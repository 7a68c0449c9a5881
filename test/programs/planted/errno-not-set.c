// A refusal leaves errno alone: null without ENOMEM.
// @caught-by overflow/malloc
// @caught-by overflow/calloc
// @caught-by overflow/realloc
// @caught-by overflow/reallocarray
// @caught-by overflow/memalign
// @caught-by overflow/aligned-alloc
// @caught-by overflow/valloc
// @caught-by overflow/pvalloc
// @caught-by memory/limit-large
// @caught-by memory/limit-small
// @caught-by memory/limit-entry-points
// @caught-by memory/limit-reallocarray
// @caught-by memory/limit-threads
// @caught-by memory/limit-fork
#define PLANTED_NO_MEMORY() (void)0
#include "tagged.h"
