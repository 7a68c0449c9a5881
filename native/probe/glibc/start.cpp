// What the probe does when it is loaded: the fork handler, and the file, so that a process that allocates nothing has
// one.

#if !defined(__GLIBC__) && !__has_include(<gnu/libc-version.h>)
#error "probe/glibc is for the GNU C library"
#endif

#include <pthread.h>

#include "probe/next.h"
#include "probe/passing.h"
#include "probe/probe.h"

namespace alloc8::probe {

namespace {

// `before` runs after those of the program and the others before them, all of which may allocate; so they are
// registered first.
__attribute__((constructor(101))) void start() {
  hasNext();
  // What is wanted from the start is there before the program changes its root or its rights.
  if (currentSlot() != nullptr) {
    if (isOn(currentLevels(), record::kProbeLatency)) ensureLatencyFile();
    if (isOn(currentLevels(), record::kProbeSample)) ensureSamples();
  }
  pthread_atfork(beforeFork, afterForkInParent, afterForkInChild);
}

}  // namespace

}  // namespace alloc8::probe
