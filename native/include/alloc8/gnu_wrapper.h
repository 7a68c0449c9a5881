// The header form: a heap and its whole preload library in one source file, for Linux with glibc. The author defines
// getCustomHeap() and includes this behind it:
//
//   class TheCustomHeapType : public MyHeap {};
//
//   inline static TheCustomHeapType* getCustomHeap() {
//     static constinit TheCustomHeapType heap;
//     return &heap;
//   }
//
//   #include <alloc8/gnu_wrapper.h>
//
// Nothing else is linked in, and no link-time optimisation is needed to have the heap inside malloc. With
// ALLOC8_WITH_THREADS defined before, the heap's threadInit and threadCleanup are called as well.
//
// getCustomHeap() is asked at every call, so a heap with a constant address costs nothing. One that is built when it is
// first asked for pays a test each time, and its constructor may not allocate: ALLOC8_REDIRECT (alloc8.h) is for that.

#pragma once

// The one header of this folder that reaches out of it: the interposer's sources stand beside.
#include "interpose/header_form.h"
