// A heap that does not know how large its blocks are: realloc would copy nothing.

#include "lazy_simple.h"

class ForgetsSizes : public planted::LazySimple {
 public:
  std::size_t getSize(void*) { return 0; }
};

using ForgetfulRedirect = alloc8::HeapRedirect<ForgetsSizes>;
ALLOC8_REDIRECT(ForgetfulRedirect);
