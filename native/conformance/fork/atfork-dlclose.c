// A library that registered atfork handlers is unloaded: fork does not call into the hole it leaves.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
// @needs atfork-plugin
#include <dlfcn.h>

#include "../children.h"

int main(void) {
  deadline(30);
  for (int round = 0; round < 20; round++) {
    void* plugin = dlopen("libatfork-plugin.so", RTLD_NOW);
    if (!plugin) FAIL("dlopen, expected a plugin, got %s", dlerror());
    int (*start)(void) = (int (*)(void))dlsym(plugin, "plugin_start");
    int* runs = (int*)dlsym(plugin, "plugin_runs");
    CHECK_EQUAL(start(), 0);
    pid_t child = child_fork();
    if (child == 0) _exit(*runs == 2 ? 0 : 5);
    CHECK_CHILD(child, 0);
    CHECK_EQUAL(*runs, 2);
    CHECK_EQUAL(dlclose(plugin), 0);
    child = child_fork();
    if (child == 0) {
      free(malloc(5000));
      _exit(0);
    }
    CHECK_CHILD(child, 0);
  }
  return 0;
}
