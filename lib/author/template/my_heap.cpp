// Puts MyHeap in the place of malloc: all that a preload library needs besides the heap.

#include "my_heap.h"

using MyHeapRedirect = alloc8::HeapRedirect<MyHeap>;
ALLOC8_REDIRECT(MyHeapRedirect);
