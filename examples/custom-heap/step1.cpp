// Step 1: nothing yet. The compiler says what a heap must have.

#include <alloc8/alloc8.h>

class MyHeap {};

using MyRedirect = alloc8::HeapRedirect<MyHeap>;
ALLOC8_REDIRECT(MyRedirect);
