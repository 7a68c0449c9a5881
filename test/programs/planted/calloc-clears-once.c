// calloc takes blocks above 128 KiB for fresh from the kernel and does not clear them.
// @caught-by sizes/calloc-dirty-large
#define PLANTED_CLEAR(block, size) ((size) <= 131072 ? memset(block, 0, size) : NULL)
#include "tagged.h"
