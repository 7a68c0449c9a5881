// The whole interposer as a header: what alloc8/gnu_wrapper.h brings in, so that a heap is one source file and is
// inlined into malloc without link-time optimisation. The sources of the interposer are included as they are; they
// keep what is theirs in namespaces, because the heap's own names stand in the same translation unit.

#pragma once

#include <type_traits>

#include "alloc8/alloc8.h"

namespace alloc8::interpose {

// Asks the author's function each time: what it answers may depend on the thread, and where it is a constant address
// nothing is left of the call.
template <class Heap, Heap* (*get_)()>
struct CustomStorage {
  static constexpr bool alwaysReady = true;
  static constexpr bool withExports = true;
  static ALLOC8_ALWAYS_INLINE Heap* get() { return get_(); }
};

using CustomHeap = std::remove_pointer_t<decltype(::getCustomHeap())>;
using CustomRedirect = HeapRedirect<CustomHeap, CustomStorage<CustomHeap, &::getCustomHeap>>;

}  // namespace alloc8::interpose

#if defined(ALLOC8_WITH_THREADS)
ALLOC8_REDIRECT_WITH_THREADS(alloc8::interpose::CustomRedirect);
#include "interpose/glibc/threads.cpp"
#else
ALLOC8_REDIRECT(alloc8::interpose::CustomRedirect);
#endif

#include "interpose/contracts.cpp"
#include "interpose/foreign.cpp"
#include "interpose/glibc/exports.cpp"
#include "interpose/glibc/fork.cpp"
#include "interpose/glibc/operators.cpp"
#include "interpose/glibc/report.cpp"
#include "platform/linux/files.cpp"
#include "platform/linux/platform.cpp"
#include "platform/linux/symbols.cpp"
