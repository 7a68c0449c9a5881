// realloc copies 4 KiB at most.
// @caught-by sizes/realloc-grow
// @caught-by sizes/realloc-walk
// @caught-by memory/realloc-big
// @caught-by stress/random
// @caught-by sizes/reallocarray
#define PLANTED_COPY(old_size, new_size) \
  ((old_size) < (new_size) ? ((old_size) < 4096 ? (old_size) : 4096) : ((new_size) < 4096 ? (new_size) : 4096))
#include "tagged.h"
