// An alignment above 2^63 is ENOMEM, not EINVAL.
// @caught-by overflow/memalign-alignment
#define PLANTED_IMPOSSIBLE ENOMEM
#include "tagged.h"
