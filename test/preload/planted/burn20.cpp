// The simple heap, made slower: churn (see planted-programs) needs about twenty percent more processor time.

#include "burning.h"

using Redirect = alloc8::HeapRedirect<planted::Burning<24>>;
ALLOC8_REDIRECT(Redirect);
