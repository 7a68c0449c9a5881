// A locked heap without atfork handlers: the child inherits a lock that nobody will open.
// @caught-by fork/busy-threads
// @caught-by fork/from-thread
// @caught-by fork/child-threads
// @caught-by fork/thread-churn
// @caught-by fork/exit-handlers
// @caught-by fork/in-atfork
// @caught-by fork/library-constructor
#include "lock.h"

#include "tagged.h"
