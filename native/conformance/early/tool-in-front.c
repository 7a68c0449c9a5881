// A preloaded tool in front of the heap wraps malloc by dlsym(RTLD_NEXT), from the very first call of the process.
// @standard glibc manual, Replacing malloc
// @preload-first wrapping-tool
#include <dlfcn.h>
#include <malloc.h>

#include "../threads.h"

int main(void) {
  atomic_long* calls = (atomic_long*)dlsym(RTLD_DEFAULT, "wrapping_tool_calls");
  CHECK(calls != NULL);
  long before = atomic_load(calls);
  deadline(30);
  crew_begin(4);
  for (size_t i = 1; i < 3000; i++) {
    void* block = malloc(i);
    CHECK_BLOCK(block);
    CHECK_AT_LEAST(malloc_usable_size(block), i);
    free(realloc(block, i * 2));
    free(memalign(64, i));
    free(strdup("a word"));
  }
  crew_end();
  CHECK_AT_LEAST(atomic_load(calls), before + 9000);
  return 0;
}
