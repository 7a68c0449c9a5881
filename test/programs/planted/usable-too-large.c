// malloc_usable_size promises 40 bytes more than there are.
// @caught-by sizes/usable
// @caught-by sizes/zero-malloc
// @caught-by sizes/usable-realloc
#define PLANTED_USABLE(size) ((size) + 40)
#include "tagged.h"
