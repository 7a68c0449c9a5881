// Puts the Hoard heap behind libc's allocation functions.

#include "heaps/hoard/hoard_heap.h"

using HoardRedirect = alloc8::HeapRedirect<alloc8::heaps::HoardHeap>;
ALLOC8_REDIRECT_WITH_THREADS(HoardRedirect);
