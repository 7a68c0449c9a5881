// A heap whose constructor takes a second.

#include <ctime>

#include "lazy_simple.h"

class SlowConstructor : public planted::LazySimple {
 public:
  SlowConstructor() {
    timespec second = {1, 0};
    nanosleep(&second, nullptr);
  }
};

using SlowRedirect = alloc8::HeapRedirect<SlowConstructor>;
ALLOC8_REDIRECT(SlowRedirect);
