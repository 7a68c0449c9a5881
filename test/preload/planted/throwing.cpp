// A heap that throws instead of giving null: above a megabyte, and in free for a block that begins with "throw".
// @runtime
// @exceptions

#include <cstring>
#include <new>

#include "alloc8/alloc8.h"
#include "heaps/simple/simple_heap.h"

class ThrowingHeap : public alloc8::heaps::SimpleHeap {
 public:
  void* malloc(std::size_t size) { return refused(SimpleHeap::malloc(size), size); }
  void* memalign(std::size_t alignment, std::size_t size) {
    return refused(SimpleHeap::memalign(alignment, size), size);
  }
  void* calloc(std::size_t count, std::size_t size) { return refused(SimpleHeap::calloc(count, size), count * size); }
  void free(void* p) {
    if (p != nullptr && std::memcmp(p, "throw", 5) == 0) throw 1;
    SimpleHeap::free(p);
  }

 private:
  void* refused(void* p, std::size_t size) {
    if (size <= std::size_t{1} << 20) return p;
    SimpleHeap::free(p);
    throw std::bad_alloc();
  }
};

using ThrowingRedirect = alloc8::HeapRedirect<ThrowingHeap>;
ALLOC8_REDIRECT(ThrowingRedirect);
