// The simple heap with work added to every call that hands out a block, for comparisons that must see it.

#pragma once

#include "heaps/simple/simple_heap.h"

namespace planted {

// Iterations of an empty loop for each block: about one nanosecond for three on this class of machine.
template <int Iterations>
class Burning : public alloc8::heaps::SimpleHeap {
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
  static void burn() {
    for (int i = 0; i < Iterations; ++i) __asm__ volatile("" : "+r"(i));  // one after the other, none left out
  }
};

}  // namespace planted
