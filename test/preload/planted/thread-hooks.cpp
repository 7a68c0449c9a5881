// The heap with thread hooks, plugged in by the macro.
// @threads

#include "hooked_heap.h"

using HookedRedirect = alloc8::HeapRedirect<HookedHeap>;
ALLOC8_REDIRECT_WITH_THREADS(HookedRedirect);
