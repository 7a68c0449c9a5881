// A heap that gives addresses which are 8 modulo 16 from malloc and from memalign: nothing can be repaired, and the
// process must end with a message that says so.

#include "heaps/simple/simple_heap.h"

class HopelessHeap {
 public:
  constexpr HopelessHeap() = default;

  void* malloc(std::size_t size) {
    char* p = static_cast<char*>(simple_.malloc(size + 8));
    return p == nullptr ? nullptr : p + 8;
  }
  void free(void* p) { simple_.free(p); }
  void* memalign(std::size_t /*alignment*/, std::size_t size) { return malloc(size); }
  std::size_t getSize(void* p) { return simple_.getSize(p); }
  void lock() { simple_.lock(); }
  void unlock() { simple_.unlock(); }

 private:
  alloc8::heaps::SimpleHeap simple_;
};

using Redirect = alloc8::HeapRedirect<HopelessHeap>;
ALLOC8_REDIRECT(Redirect);
