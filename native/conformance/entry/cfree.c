// cfree, which programs linked before glibc 2.26 call, frees blocks of malloc's heap and keeps errno.
// @standard cfree(3)
#include "../check.h"

#if defined(__x86_64__)
__asm__(".symver cfree, cfree@GLIBC_2.2.5");
void cfree(void* block);

int main(void) {
  for (size_t size = 0; size < 5000000; size = size * 3 + 1) {
    check_case = size;
    void* block = malloc(opaque(size));
    CHECK_BLOCK(block);
    memset(block, 1, size);
    errno = EXDEV;
    cfree(block);
    CHECK_EQUAL(errno, EXDEV);
  }
  cfree(NULL);
  return 0;
}
#else
int main(void) { SKIP("cfree exists for x86-64 only here"); }
#endif
