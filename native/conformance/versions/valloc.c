// pvalloc of the program is bound to the object that free and malloc_usable_size are bound to; valloc too.
// @standard glibc manual, Replacing malloc
#include <dlfcn.h>
#include <malloc.h>

#include "../check.h"

static void check_home(void* function, const char* name) {
  Dl_info heap, info;
  CHECK(dladdr((void*)free, &heap) != 0);
  CHECK(dladdr(function, &info) != 0);
  if (strcmp(heap.dli_fname, info.dli_fname) != 0)
    FAIL("home of %s, expected %s, got %s", name, heap.dli_fname, info.dli_fname);
}

int main(void) {
  check_home((void*)valloc, "valloc");
  check_home((void*)pvalloc, "pvalloc");
  for (size_t size = 1; size < 1000000; size = size * 4 + 1) {
    void* one = valloc(opaque(size));
    void* two = pvalloc(opaque(size));
    CHECK_BLOCK(one);
    CHECK_BLOCK(two);
    memset(one, 1, size);
    memset(two, 1, size);
    CHECK_AT_LEAST(malloc_usable_size(one), size);
    free(one);
    free(realloc(two, size * 2));
  }
  return 0;
}
