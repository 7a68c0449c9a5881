// Threads that run already, and threads that start afterwards, touch the thread-local data of a library that is opened
// between them: libc allocates it through the heap, from within that access, and frees it at thread exit.
// @standard C23 7.24.3
// @standard POSIX.1-2024, pthread_create()
// @needs tls-plugin
#include <dlfcn.h>
#include <semaphore.h>

#include "../threads.h"

static sem_t opened;
static int (*touch)(int);

static void* body(void* argument) {
  void* before = malloc(10);
  CHECK_BLOCK(before);
  CHECK_EQUAL(sem_wait(&opened), 0);
  for (int i = 0; i < 100; i++) CHECK_EQUAL(touch(i * 700), 17 + i);
  free(before);
  return argument;
}

int main(void) {
  deadline(30);
  CHECK_EQUAL(sem_init(&opened, 0, 0), 0);
  for (int round = 0; round < 20; round++) {
    pthread_t thread[8];
    for (int i = 0; i < 8; i++) thread[i] = thread_start(body, NULL);
    void* plugin = dlopen("libtls-plugin.so", RTLD_NOW | RTLD_LOCAL);
    if (!plugin) FAIL("dlopen, expected a plugin, got %s", dlerror());
    touch = (int (*)(int))dlsym(plugin, "tls_plugin_touch");
    CHECK(touch != NULL);
    pthread_t later[4];
    for (int i = 0; i < 4; i++) later[i] = thread_start(body, NULL);
    for (int i = 0; i < 12; i++) CHECK_EQUAL(sem_post(&opened), 0);
    for (int i = 0; i < 8; i++) thread_join(thread[i]);
    for (int i = 0; i < 4; i++) thread_join(later[i]);
    CHECK_EQUAL(dlclose(plugin), 0);
  }
  return 0;
}
