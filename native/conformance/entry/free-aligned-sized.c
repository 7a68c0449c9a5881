// C23's free_aligned_sized takes the blocks of aligned_alloc with their alignments and sizes, and keeps errno. It is
// skipped where neither libc nor the heap has it (glibc has it from 2.43 on).
// @standard C23 7.24.3.5
#include "sized.h"

int main(void) {
  FreeAlignedSized* free_aligned_sized = (FreeAlignedSized*)sized_function("free_aligned_sized");
  if (!free_aligned_sized) LACKS("neither libc nor the heap has free_aligned_sized");
  for (size_t size = 0; size < 5000000; size = size * 3 + 1)
    for (size_t alignment = 16; alignment <= 65536; alignment *= 16) {
      check_case = size;
      size_t whole = (size + alignment - 1) / alignment * alignment;
      void* block = aligned_alloc(alignment, opaque(whole));
      CHECK_BLOCK(block);
      memset(block, 1, whole);
      errno = EXDEV;
      free_aligned_sized(block, alignment, whole);
      CHECK_EQUAL(errno, EXDEV);
    }
  return 0;
}
