// posix_memalign takes any alignment and writes to the pointer where it fails.
// @caught-by overflow/posix-memalign-alignment
// @caught-by overflow/posix-memalign-size
// @caught-by memory/limit-entry-points
#define PLANTED_CHECKS_ALIGNMENT 0
#include "tagged.h"
