// A library that allocates is opened and closed a hundred times; blocks cross its border both ways; RTLD_LAZY and NOW.
// @standard POSIX.1-2024, dlopen()
// @needs plugin
#include <dlfcn.h>

#include "../check.h"

int main(void) {
  for (int round = 0; round < 100; round++) {
    void* plugin = dlopen("libplugin.so", (round % 2 ? RTLD_NOW : RTLD_LAZY) | (round % 3 ? RTLD_LOCAL : RTLD_GLOBAL));
    if (!plugin) FAIL("dlopen, expected a plugin, got %s", dlerror());
    char* (*exchange)(char*, size_t) = (char* (*)(char*, size_t))dlsym(plugin, "plugin_exchange");
    CHECK(exchange != NULL);
    char* block = malloc(100);
    for (size_t size = 1; size < 300000; size = size * 9 + 1) {
      block = exchange(block, size);
      CHECK_BLOCK(block);
      CHECK_FILLED(block, size, 0x38);
    }
    CHECK_EQUAL(dlclose(plugin), 0);
    free(block);
  }
  return 0;
}
