// A locked heap whose atfork handlers come from its constructor: early handlers of others find it locked.
// @passes fork/busy-threads
// @passes fork/from-thread
// @passes fork/child-threads
// @passes fork/thread-churn
// @passes fork/exit-handlers
// @caught-by fork/atfork-linked
// @caught-by fork/atfork-preloaded
#include "lock.h"

#include "tagged.h"

__attribute__((constructor)) static void register_handlers(void) {
  pthread_atfork(planted_enter, planted_leave, planted_leave);
}
