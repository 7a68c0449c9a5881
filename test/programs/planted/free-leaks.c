// free only forgets.
// @caught-by sizes/realloc-zero-frees
// @caught-by memory/reuse
// @caught-by memory/limit-large
// @caught-by memory/limit-small
// @caught-by memory/limit-fork
// @caught-by threads/free-only
// @caught-by threads/short
#define PLANTED_FREE(block) 1
#include "tagged.h"
