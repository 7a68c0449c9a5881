// Puts the simple heap behind libc's allocation functions: all that a heap's library needs besides the heap.

#include "heaps/simple/simple_heap.h"

using SimpleRedirect = alloc8::HeapRedirect<alloc8::heaps::SimpleHeap>;
ALLOC8_REDIRECT(SimpleRedirect);
