// The simple heap for planted heaps that are built at run time: what it does is right, so that what goes wrong is the
// construction's doing.

#pragma once

#include "heaps/simple/simple_heap.h"

namespace planted {

// A complaint ends the process, so that a test which sees the right output has seen no complaint.
inline void require(bool holds, const char* what) {
  if (!holds) alloc8::fatal(what);
}

class LazySimple {
 public:
  void* malloc(std::size_t size) { return simple_.malloc(size); }
  void free(void* p) { simple_.free(p); }
  void* memalign(std::size_t alignment, std::size_t size) { return simple_.memalign(alignment, size); }
  std::size_t getSize(void* p) { return simple_.getSize(p); }
  void lock() { simple_.lock(); }
  void unlock() { simple_.unlock(); }
  alloc8::HeapStats stats() { return simple_.stats(); }

 private:
  alloc8::heaps::SimpleHeap simple_;
};

}  // namespace planted
