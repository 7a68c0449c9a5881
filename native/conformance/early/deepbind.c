// A plugin that is opened with RTLD_DEEPBIND finds libc's malloc before that of a heap in front: it works with blocks
// of its own, and its host may resize, measure and free what it hands over.
// @standard dlopen(3), RTLD_DEEPBIND
// @standard C23 7.24.3.3
// @needs own-blocks
#include <dlfcn.h>
#include <malloc.h>

#include "../check.h"

int main(void) {
  for (int round = 0; round < 20; round++) {
    void* plugin = dlopen("libown-blocks.so", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (!plugin) FAIL("dlopen, expected a plugin, got %s", dlerror());
    char* (*make)(size_t) = (char* (*)(size_t))dlsym(plugin, "own_blocks_make");
    CHECK(make != NULL);
    for (size_t size = 1; size < 300000; size = size * 9 + 1) {
      check_case = size;
      char *one = make(size), *two = make(size);
      CHECK_FILLED(one, size, 'x');
      CHECK_AT_LEAST(malloc_usable_size(one), size);
      free(one);
      two = realloc(two, size * 2);
      CHECK_BLOCK(two);
      CHECK_FILLED(two, size, 'x');
      free(two);
    }
    CHECK_EQUAL(dlclose(plugin), 0);
    free(malloc(1000));
  }
  return 0;
}
