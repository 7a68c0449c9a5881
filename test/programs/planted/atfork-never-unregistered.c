// __register_atfork forgets which library registered: its handlers outlive it.
// @caught-by fork/atfork-dlclose
#include <dlfcn.h>
#include <stddef.h>

typedef void Handler(void);
typedef int Register(Handler* prepare, Handler* parent, Handler* child, void* library);

int __register_atfork(Handler* prepare, Handler* parent, Handler* child, void* library) {
  (void)library;
  Register* next = (Register*)dlsym(RTLD_NEXT, "__register_atfork");
  return next(prepare, parent, child, NULL);
}
