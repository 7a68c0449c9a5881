// __register_atfork keeps handlers in a list of its own and runs all of them in order of registration.
// @caught-by fork/atfork-late
#include <dlfcn.h>
#include <stddef.h>

typedef void Handler(void);
typedef int Register(Handler* prepare, Handler* parent, Handler* child, void* library);

enum { most = 32 };

static Handler* handlers[3][most];
static int count;

static void run(int which) {
  for (int i = 0; i < count; i++)
    if (handlers[which][i]) handlers[which][i]();
}

static void prepare_all(void) { run(0); }
static void parent_all(void) { run(1); }
static void child_all(void) { run(2); }

int __register_atfork(Handler* prepare, Handler* parent, Handler* child, void* library) {
  if (count == most) return 12;
  handlers[0][count] = prepare;
  handlers[1][count] = parent;
  handlers[2][count] = child;
  if (count++) return 0;
  Register* next = (Register*)dlsym(RTLD_NEXT, "__register_atfork");
  return next(prepare_all, parent_all, child_all, library);
}
