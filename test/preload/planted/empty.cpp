// A heap that is left without memory where it is built, and has none from its first call on.

#include "lazy_simple.h"

class Empty : public planted::LazySimple {
 public:
  Empty() : start_(alloc8::pages::map(std::size_t{1} << 60, alloc8::pages::size())) {}
  void* malloc(std::size_t size) { return start_ == nullptr ? nullptr : LazySimple::malloc(size); }
  void* memalign(std::size_t alignment, std::size_t size) {
    return start_ == nullptr ? nullptr : LazySimple::memalign(alignment, size);
  }

 private:
  void* start_;
};

using EmptyRedirect = alloc8::HeapRedirect<Empty>;
ALLOC8_REDIRECT(EmptyRedirect);
