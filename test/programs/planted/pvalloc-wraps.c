// pvalloc near SIZE_MAX rounds up past it, to a tiny block.
// @caught-by overflow/pvalloc
#define PLANTED_PVALLOC_WRAPS
#include "tagged.h"
