// The heap with thread hooks in the header form: the whole preload library is this file. It has names that the
// interposer uses, too, and those must not meet.
// @alone

#include "hooked_heap.h"

enum State { kNone, kDone };
static State state = kNone;
void prepare() { state = kDone; }
void child() { state = kNone; }
int Rules = 1;

class TheCustomHeapType : public HookedHeap {};

inline static TheCustomHeapType* getCustomHeap() {
  static constinit TheCustomHeapType heap;
  return &heap;
}

#define ALLOC8_WITH_THREADS
#include <alloc8/gnu_wrapper.h>

ALLOC8_EXPORT int named() { return Rules + state; }
