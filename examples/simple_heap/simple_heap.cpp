// Puts the heap in the place of malloc: alloc8 build simple_heap.cpp

#include "simple_heap.h"

using SimpleRedirect = alloc8::HeapRedirect<Simple>;
ALLOC8_REDIRECT(SimpleRedirect);
