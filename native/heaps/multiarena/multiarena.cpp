// Puts the multiarena heap behind libc's allocation functions: all that a heap's library needs besides the heap.

#include "heaps/multiarena/multiarena_heap.h"

using MultiArenaRedirect = alloc8::HeapRedirect<alloc8::heaps::MultiArenaHeap>;
ALLOC8_REDIRECT(MultiArenaRedirect);
