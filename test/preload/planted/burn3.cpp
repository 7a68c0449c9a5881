// The simple heap, made slower: churn (see planted-programs) needs about three percent more processor time.

#include "burning.h"

using Redirect = alloc8::HeapRedirect<planted::Burning<4>>;
ALLOC8_REDIRECT(Redirect);
