// Step 4: a cache for each thread in front, which needs no lock. It is a layer, and wants to know when threads end.

#include <alloc8/layers.h>

#include "my_heap.h"

using MyRedirect = alloc8::HeapRedirect<alloc8::layers::ThreadCache<MyHeap>>;
ALLOC8_REDIRECT_WITH_THREADS(MyRedirect);
