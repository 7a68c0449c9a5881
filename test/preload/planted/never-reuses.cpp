// Memory is given once: each block lies behind the one before, whichever thread asks, and free does nothing.

#include "one_region.h"

class NeverReuses {
 public:
  void* malloc(std::size_t size) { return memalign(16, size); }
  void* memalign(std::size_t alignment, std::size_t size) {
    alloc8::LockGuard guard(lock_);
    return region_.carve(size == 0 ? 1 : size, alignment, 0);
  }
  void free(void*) {}
  std::size_t getSize(void* p) { return planted::OneRegion::headerOf(p)->usable; }
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  alloc8::Lock lock_;
  planted::OneRegion region_;
};

using NeverReusesRedirect = alloc8::HeapRedirect<NeverReuses>;
ALLOC8_REDIRECT(NeverReusesRedirect);
