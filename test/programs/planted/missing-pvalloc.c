// valloc and pvalloc are not exported: they reach libc's heap.
// @caught-by versions/valloc
// @caught-by align/pvalloc
// @caught-by align/valloc
#include "tagged.h"
