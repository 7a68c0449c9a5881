// A heap whose constructor throws: there is no heap.
// @runtime
// @exceptions

#include "lazy_simple.h"

class ThrowingConstructor : public planted::LazySimple {
 public:
  ThrowingConstructor() { throw 1; }
};

using ThrowingRedirect = alloc8::HeapRedirect<ThrowingConstructor>;
ALLOC8_REDIRECT(ThrowingRedirect);
