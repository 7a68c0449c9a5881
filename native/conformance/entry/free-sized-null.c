// C23's free_sized and free_aligned_sized take null. It is skipped where neither libc nor the heap has them.
// @standard C23 7.24.3.4
// @standard C23 7.24.3.5
#include "sized.h"

int main(void) {
  FreeSized* free_sized = (FreeSized*)sized_function("free_sized");
  FreeAlignedSized* free_aligned_sized = (FreeAlignedSized*)sized_function("free_aligned_sized");
  if (!free_sized || !free_aligned_sized) LACKS("neither libc nor the heap has free_sized and free_aligned_sized");
  errno = EXDEV;
  free_sized(hide(NULL), opaque(0));
  free_sized(hide(NULL), opaque(100));
  free_aligned_sized(hide(NULL), 16, opaque(0));
  free_aligned_sized(hide(NULL), 4096, opaque(8192));
  CHECK_EQUAL(errno, EXDEV);
  return 0;
}
