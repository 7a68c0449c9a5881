// calloc of no bytes is null.
// @caught-by sizes/zero-calloc
#define PLANTED_PRODUCT(count, size, total) (__builtin_mul_overflow(count, size, total) || *(total) == 0)
#include "tagged.h"
