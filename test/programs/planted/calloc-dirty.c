// calloc does not clear.
// @caught-by sizes/calloc-dirty
// @caught-by sizes/calloc-dirty-large
// @caught-by stress/random
#define PLANTED_CLEAR(block, size) (void)(size)
#include "tagged.h"
