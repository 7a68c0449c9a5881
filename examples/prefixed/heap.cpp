// A heap under a name of its own: compiled with -DALLOC8_PREFIX=NAME it is NAME_malloc and so on, and malloc stays
// libc's.

#include "../simple_heap/simple_heap.h"

using PrefixedRedirect = alloc8::HeapRedirect<Simple>;
ALLOC8_REDIRECT(PrefixedRedirect);
