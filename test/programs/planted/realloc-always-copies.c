// realloc always takes a new block and copies, however little a large block grows.
// @caught-by memory/realloc-steps
#include "tagged.h"
