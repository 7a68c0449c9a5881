// memalign and its kin ignore the alignment.
// @caught-by align/memalign
// @caught-by align/posix-memalign
// @caught-by align/aligned-alloc
// @caught-by align/aligned-alloc-any-size
// @caught-by align/aligned-new
// @caught-by align/valloc
// @caught-by align/pvalloc
// @caught-by align/rounded
// @caught-by sizes/zero-aligned
// @caught-by operators/forms
// @caught-by stress/random
#define PLANTED_ALIGNMENT(alignment) ((void)(alignment), 16)
#include "tagged.h"
