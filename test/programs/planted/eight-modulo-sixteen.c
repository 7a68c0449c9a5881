// Addresses are 8 modulo 16, as where a heap puts an 8-byte header in front.
// @caught-by align/malloc
// @caught-by align/calloc
// @caught-by align/realloc
// @caught-by align/tiny
// @caught-by align/operator-new
// @caught-by align/tiny-new
// @caught-by align/small-alignments
// @caught-by stress/random
#define PLANTED_SHIFT 8
#include "tagged.h"
