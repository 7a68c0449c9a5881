// valloc above PTRDIFF_MAX is null with ENOMEM: the page that is added for alignment does not wrap.
// @standard glibc manual, Aligned Memory Blocks
#include <malloc.h>

#include "../check.h"

int main(void) {
  static const size_t sizes[] = {PTRDIFF_MAX,     (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 8192,
                                 SIZE_MAX - 4096, SIZE_MAX - 4095,         SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    check_case = sizes[i];
    errno = 0;
    CHECK_REFUSED(valloc(opaque(sizes[i])));
  }
  return 0;
}
