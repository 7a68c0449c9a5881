// Puts the arena heap behind libc's allocation functions.

#include "heaps/arena/arena_heap.h"

using ArenaRedirect = alloc8::HeapRedirect<alloc8::heaps::ArenaHeap>;
ALLOC8_REDIRECT_WITH_THREADS(ArenaRedirect);
