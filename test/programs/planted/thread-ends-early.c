// The heap's own key destructor ends it for the thread: what is freed in later ones ends the program.
// @caught-by threads/key-destructors
// @caught-by threads/thread-local
// @caught-by threads/c11
// @caught-by threads/cancel
#include <pthread.h>
#include <stdlib.h>

static __thread int state __attribute__((tls_model("initial-exec")));  // 0 new, 1 in use, 2 ended
static pthread_key_t key;
static int ready;

static void end_thread(void* argument) {
  (void)argument;
  state = 2;
}

__attribute__((constructor)) static void begin(void) { ready = pthread_key_create(&key, end_thread) == 0; }

static void enter(void) {
  if (!ready) return;
  if (state == 2) abort();
  if (state == 0 && pthread_setspecific(key, &state) == 0) state = 1;
}

#define PLANTED_ENTER() enter()
#define PLANTED_LEAVE() (void)0
#include "tagged.h"
