// A preloaded tool of the usual kind: it wraps malloc, calloc, realloc and free, counts, and calls the next ones,
// which it looks up by dlsym at the first call. During the look-up calloc answers null, as such tools do.
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>

atomic_long wrapping_tool_calls;

static void* (*next_malloc)(size_t);
static void* (*next_calloc)(size_t, size_t);
static void* (*next_realloc)(void*, size_t);
static void (*next_free)(void*);
static _Thread_local int looking_up __attribute__((tls_model("initial-exec")));

static void look_up(void) {
  if (next_free || looking_up) return;
  looking_up = 1;
  next_malloc = (void* (*)(size_t))dlsym(RTLD_NEXT, "malloc");
  next_calloc = (void* (*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
  next_realloc = (void* (*)(void*, size_t))dlsym(RTLD_NEXT, "realloc");
  next_free = (void (*)(void*))dlsym(RTLD_NEXT, "free");
  looking_up = 0;
}

void* malloc(size_t size) {
  look_up();
  atomic_fetch_add(&wrapping_tool_calls, 1);
  return next_malloc ? next_malloc(size) : NULL;
}

void* calloc(size_t count, size_t size) {
  look_up();
  atomic_fetch_add(&wrapping_tool_calls, 1);
  return next_calloc ? next_calloc(count, size) : NULL;
}

void* realloc(void* block, size_t size) {
  look_up();
  atomic_fetch_add(&wrapping_tool_calls, 1);
  return next_realloc ? next_realloc(block, size) : NULL;
}

void free(void* block) {
  look_up();
  if (next_free) next_free(block);
}
