// A heap with thread hooks, which allocates and frees in both and ends the process where one comes at the wrong time:
// twice, never, or before the thread's own destructors are through.

#pragma once

#include <atomic>

#include "alloc8/alloc8.h"
#include "heaps/simple/simple_heap.h"

class HookedHeap : public alloc8::heaps::SimpleHeap {
 public:
  void threadInit() {
    if (begun) alloc8::fatal("threadInit came twice");
    begun = true;
    first = !any.exchange(true);
    block = malloc(100);
  }

  void threadCleanup() {
    if (!begun) alloc8::fatal("threadCleanup came without threadInit");
    if (ended) alloc8::fatal("threadCleanup came twice");
    ended = true;
    free(block);
    free(malloc(50));
  }

  // What is freed behind the second hook is what destructors of the last round free, and no more; but the thread that
  // ends the process has all of its exit before it.
  void free(void* p) {
    if (p != nullptr && ended && !first && ++late > kMostLate)
      alloc8::fatal("threadCleanup came before the last round");
    SimpleHeap::free(p);
  }

 private:
  static constexpr int kMostLate = 4;
  static inline constinit std::atomic<bool> any{false};
  static inline constinit thread_local bool first = false;
  static inline constinit thread_local int late = 0;
  static inline constinit thread_local bool begun = false;
  static inline constinit thread_local bool ended = false;
  static inline constinit thread_local void* block = nullptr;
};

extern "C" {
volatile int xxthread_created_flag = 0;

// For the tests: what the flag says.
ALLOC8_EXPORT int threadCreated() { return xxthread_created_flag; }
}
