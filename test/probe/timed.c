// Calls whose number and errno are known: timed COUNT SIZE. Ends with 1 where errno was changed by a call that
// succeeds, or not set by one that fails.
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

static void* body(void* argument) {
  size_t size = (size_t)argument;
  errno = 77;
  for (int i = 0; i < 100; i++) {
    void* volatile block = malloc(size);
    free(block);
  }
  return errno == 77 ? NULL : (void*)1;
}

int main(int arguments, char** argument) {
  if (arguments < 3) return 2;
  long count = atol(argument[1]);
  size_t size = strtoul(argument[2], NULL, 10);
  errno = 77;
  for (long i = 0; i < count; i++) {
    void* volatile block = malloc(size);
    free(block);
  }
  if (errno != 77) return 1;
  pthread_t thread;
  void* bad = NULL;
  if (pthread_create(&thread, NULL, body, (void*)size) != 0 || pthread_join(thread, &bad) != 0 || bad != NULL) return 1;
  errno = 0;
  void* volatile none = malloc(PTRDIFF_MAX);
  return none == NULL && errno == ENOMEM ? 0 : 1;
}
