// realloc(p, 0) gives a new block instead of null.
// @caught-by sizes/realloc-zero
#define PLANTED_REALLOC_ZERO() malloc(0)
#include "tagged.h"
