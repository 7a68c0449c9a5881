// ThreadRedirect<T>: sends the thread hooks to the heap of class T that HeapRedirect<T> has built, or another Redirect.

#pragma once

#include "alloc8/allocator_traits.h"
#include "alloc8/heap_redirect.h"
#include "alloc8/thread_hooks.h"

namespace alloc8 {

template <class T, class Redirect = HeapRedirect<T>>
class ThreadRedirect {
  static_assert(ThreadAwareAllocator<T>, "this heap lacks one of threadInit, threadCleanup: see the notes below");

 public:
  using AllocatorType = T;

  static void threadInit() {
    if (T* heap = Redirect::getHeap(); heap != nullptr) heap->threadInit();
  }

  static void threadCleanup() {
    if (T* heap = Redirect::getHeap(); heap != nullptr) heap->threadCleanup();
  }
};

}  // namespace alloc8
