// dlsym(RTLD_NEXT), a failing dlsym and dlerror, called from the earliest constructor before anything allocated, and
// from threads; what dlerror keeps per thread is freed at thread exit.
// @standard POSIX.1-2024, dlsym()
// @standard glibc manual, Replacing malloc
#include <dlfcn.h>

#include "../threads.h"

static void look_up(void) {
  void* (*next)(size_t) = (void* (*)(size_t))dlsym(RTLD_NEXT, "malloc");
  CHECK(next != NULL);
  CHECK(dlsym(RTLD_DEFAULT, "there_is_no_such_symbol_anywhere") == NULL);
  const char* text = dlerror();
  CHECK(text != NULL && strstr(text, "there_is_no_such_symbol_anywhere") != NULL);
  CHECK(dlopen("libthere-is-no-such-library.so.9", RTLD_NOW) == NULL);
  // A refusal in here makes the next one fall here again: it must show, or the other lookups never see one.
  text = dlerror();
  CHECK(text != NULL && strstr(text, "libthere-is-no-such-library.so.9") != NULL);
}

__attribute__((constructor(101))) static void look_up_early(void) { look_up(); }

static void* body(void* argument) {
  look_up();
  dlsym(RTLD_DEFAULT, "another_symbol_that_is_missing");  // its message is left for thread exit
  return argument;
}

int main(void) {
  for (int i = 0; i < 20; i++) {
    pthread_t one = thread_start(body, NULL), two = thread_start(body, NULL);
    thread_join(one);
    thread_join(two);
  }
  // Often enough in a row that a heap which refuses now and then refuses each of the allocations inside once.
  for (int i = 0; i < 100; i++) look_up();
  return 0;
}
