// What strdup gives, which libc allocates, is taken by free, by realloc to more, to less and to nothing, and by
// reallocarray.
// @standard C23 7.26.2.6
// @standard C23 7.24.3.3
#include "pairs.h"

static void* by_strdup(size_t size) {
  static char text[3000000];
  memset(text, 'x', size - 1);
  text[size - 1] = 0;
  return strdup(text);
}

int main(void) {
  check_pairs(by_strdup);
  return 0;
}
