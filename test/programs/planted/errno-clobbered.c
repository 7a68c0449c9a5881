// free leaves another errno, as an madvise that fails does.
// @caught-by errno/free-small
// @caught-by errno/free-large
// @caught-by errno/free-locked
// @caught-by errno/free-unmap-fails
// @caught-by errno/delete
#define PLANTED_AFTER_FREE() (errno = EINVAL)
#include "tagged.h"
