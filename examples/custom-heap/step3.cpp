// Step 3: freed blocks are used again. Sizes are rounded up to classes (alloc8/size_classes.h), each with a free list;
// what is above them has a mapping of its own and goes back to the system.

#include "my_heap.h"

using MyRedirect = alloc8::HeapRedirect<MyHeap>;
ALLOC8_REDIRECT(MyRedirect);
