// What our fork handlers do to the heap, with libc's names or a prefix: hold its lock, so that the child does not
// inherit a heap that another thread was changing.
//
// With one thread there is no other. Then the lock is free and need not be held; or it is this thread's own, because a
// signal handler forks that has interrupted the heap, and would be waited for until the end of days. libc's malloc does
// the same. Nothing runs between prepare and the other two that could start a thread.

#pragma once

#include "alloc8/bridge.h"
#include "platform/platform.h"

namespace alloc8::interpose {

class ForkLock {
 public:
  static void prepare() {
    if (platform::singleThreaded()) return;
    xxmalloc_lock();
    held_ = true;  // written and read by the forking thread alone, under the lock
  }

  static void parent() { release(); }

  static void child() {
    if (xxfork_child()) {
      held_ = false;
    } else {
      release();
    }
  }

 private:
  static void release() {
    if (!held_) return;
    held_ = false;
    xxmalloc_unlock();
  }

  static inline constinit bool held_ = false;
};

}  // namespace alloc8::interpose
