// A heap whose malloc gives addresses that are 8 modulo 16, as upstream's first example does; only memalign aligns. The
// interposer repairs it.

#include "heaps/simple/simple_heap.h"

class MisalignedHeap {
 public:
  constexpr MisalignedHeap() = default;

  void* malloc(std::size_t size) {
    char* p = static_cast<char*>(simple_.malloc(size + 8));
    return p == nullptr ? nullptr : p + 8;  // the simple heap takes pointers into its blocks
  }
  void free(void* p) { simple_.free(p); }
  void* memalign(std::size_t alignment, std::size_t size) { return simple_.memalign(alignment, size); }
  std::size_t getSize(void* p) { return simple_.getSize(p); }
  void lock() { simple_.lock(); }
  void unlock() { simple_.unlock(); }

 private:
  alloc8::heaps::SimpleHeap simple_;
};

using Redirect = alloc8::HeapRedirect<MisalignedHeap>;
ALLOC8_REDIRECT(Redirect);
