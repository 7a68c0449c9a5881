// calloc multiplies without a look at the overflow.
// @caught-by overflow/calloc
#define PLANTED_PRODUCT(count, size, total) (*(total) = (count) * (size), 0)
#include "tagged.h"
