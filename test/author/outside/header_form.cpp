// The heap of heap.cpp's kind as one file that needs nothing linked to it.

#include "alloc8/lock.h"
#include "alloc8/pages.h"

class TheCustomHeapType {
 public:
  void* malloc(std::size_t size) { return memalign(16, size); }
  void free(void*) {}
  void* memalign(std::size_t alignment, std::size_t size) {
    char* start = static_cast<char*>(alloc8::pages::map(size + 4096, alignment < 4096 ? 4096 : alignment));
    return start;  // a mapping to each block: the simplest heap there is
  }
  std::size_t getSize(void*) { return 4096; }
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  alloc8::Lock lock_;
};

inline static TheCustomHeapType* getCustomHeap() {
  static constinit TheCustomHeapType heap;
  return &heap;
}

#include <alloc8/gnu_wrapper.h>
