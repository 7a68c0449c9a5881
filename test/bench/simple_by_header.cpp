// The simple heap in the header form (alloc8/gnu_wrapper.h), for the benchmark: one file, compiled without link-time
// optimisation, must need as many instructions for malloc and free as the heap exported by hand.

#include "heaps/simple/simple_heap.h"

class TheCustomHeapType : public alloc8::heaps::SimpleHeap {};

inline static TheCustomHeapType* getCustomHeap() {
  static constinit TheCustomHeapType heap;
  return &heap;
}

#include <alloc8/gnu_wrapper.h>
