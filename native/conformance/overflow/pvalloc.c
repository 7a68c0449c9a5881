// pvalloc near SIZE_MAX does not wrap when it rounds up to pages: null with ENOMEM.
// @standard memalign(3)
#include <malloc.h>

#include "../check.h"

int main(void) {
  static const size_t sizes[] = {PTRDIFF_MAX,     (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 8192, SIZE_MAX - 4096,
                                 SIZE_MAX - 4095, SIZE_MAX - 10,           SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    check_case = sizes[i];
    errno = 0;
    CHECK_REFUSED(pvalloc(opaque(sizes[i])));
  }
  return 0;
}
