// C23's free_sized and free_aligned_sized, where they exist, free blocks of malloc's heap, take null, keep errno.
// @standard C23 7.24.3.4
// @standard C23 7.24.3.5
#include <dlfcn.h>

#include "../check.h"

typedef void FreeSized(void* block, size_t size);
typedef void FreeAlignedSized(void* block, size_t alignment, size_t size);

int main(void) {
  FreeSized* sized = (FreeSized*)dlsym(RTLD_DEFAULT, "free_sized");
  FreeAlignedSized* aligned = (FreeAlignedSized*)dlsym(RTLD_DEFAULT, "free_aligned_sized");
  if (!sized || !aligned) LACKS("neither libc nor the heap has free_sized and free_aligned_sized");
  errno = EXDEV;
  sized(NULL, 0);
  aligned(NULL, 16, 0);
  for (size_t size = 0; size < 5000000; size = size * 3 + 1) {
    check_case = size;
    void* blocks[3] = {malloc(opaque(size)), calloc(1, opaque(size)), realloc(malloc(1), size + 1)};
    for (int i = 0; i < 3; i++) {
      CHECK_BLOCK(blocks[i]);
      memset(blocks[i], 1, size);
    }
    errno = EXDEV;
    sized(blocks[0], size);
    sized(blocks[1], size);
    sized(blocks[2], size + 1);
    CHECK_EQUAL(errno, EXDEV);
    for (size_t alignment = 16; alignment <= 65536; alignment *= 16) {
      size_t whole = (size + alignment - 1) / alignment * alignment;
      void* block = aligned_alloc(alignment, opaque(whole));
      CHECK_BLOCK(block);
      memset(block, 1, whole);
      errno = EXDEV;
      aligned(block, alignment, whole);
      CHECK_EQUAL(errno, EXDEV);
    }
  }
  return 0;
}
