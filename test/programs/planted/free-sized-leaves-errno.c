// free_sized and free_aligned_sized change errno.
// @caught-by entry/c23-sized
#define PLANTED_OWN_FREE_SIZED
#include "tagged.h"

void free_sized(void* block, size_t size) {
  errno = size ? EINVAL : 0;
  tagged_delete(block);
}

void free_aligned_sized(void* block, size_t alignment, size_t size) {
  (void)alignment;
  free_sized(block, size);
}
