// malloc_usable_size is a byte short.
// @caught-by sizes/usable
// @caught-by sizes/usable-realloc
// @caught-by align/memalign
// @caught-by entry/pairs
// @caught-by memory/big
// @caught-by memory/above-4g
#define PLANTED_USABLE(size) ((size) ? (size)-1 : 0)
#include "tagged.h"
