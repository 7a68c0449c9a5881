// The simple heap with work added to every call that hands out a block, for comparisons that must see it. How much is a
// number that the code reads, so that the code of all burning heaps is the same byte for byte: where functions lie in a
// library alone makes a difference of some percent.

#pragma once

#include "heaps/simple/simple_heap.h"

namespace planted {

// Turns of an empty loop for each block; a burning heap defines it. Volatile, so that no compiler folds it in. Measured
// with churn.c on an Intel Xeon, both heaps at once on one core, medians of 15 ratios of CPU time to burn0 (quartiles):
//
//   0 turns, twice  0.998 (0.993 to 1.001)
//   5 turns         1.030 (1.019 to 1.038)
//   38 turns        1.204 (1.186 to 1.208)
extern const volatile int burnedTurns;

class BurningHeap : public alloc8::heaps::SimpleHeap {
 public:
  void* malloc(std::size_t size) {
    burn();
    return SimpleHeap::malloc(size);
  }
  void* calloc(std::size_t count, std::size_t size) {
    burn();
    return SimpleHeap::calloc(count, size);
  }
  void* memalign(std::size_t alignment, std::size_t size) {
    burn();
    return SimpleHeap::memalign(alignment, size);
  }

 private:
  // The fences keep the processor from doing the loop beside other work, which would hide a short one altogether.
  static void burn() {
    fence();
    for (int turns = burnedTurns; turns > 0; --turns) __asm__ volatile("" : "+r"(turns));
    fence();
  }

  static void fence() {
#if defined(__x86_64__)
    __asm__ volatile("lfence" ::: "memory");
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
  }
};

}  // namespace planted

using Redirect = alloc8::HeapRedirect<planted::BurningHeap>;
ALLOC8_REDIRECT(Redirect);
