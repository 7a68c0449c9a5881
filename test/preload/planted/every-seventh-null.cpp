// A heap that has no memory at every seventh call once the program has said so (everySeventh), and none at all when it
// says that.

#include "alloc8/alloc8.h"
#include "alloc8/layers/fault_injection.h"
#include "heaps/simple/simple_heap.h"

using Redirect = alloc8::HeapRedirect<alloc8::layers::FaultInjection<alloc8::heaps::SimpleHeap>>;
ALLOC8_REDIRECT(Redirect);

extern "C" ALLOC8_EXPORT void failEvery(std::size_t calls) { Redirect::getHeap()->inject({.every = calls}); }
