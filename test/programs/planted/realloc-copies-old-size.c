// realloc copies as many bytes as the old block had, also into a smaller one.
// @caught-by sizes/realloc-shrink
// @caught-by sizes/realloc-walk
// @caught-by sizes/usable-realloc
// @caught-by entry/pairs
// @caught-by memory/realloc-big
// @caught-by stress/random
// @caught-by stress/exchange
#define PLANTED_COPY(old_size, new_size) (old_size)
#include "tagged.h"
