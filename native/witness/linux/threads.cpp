// Counts the threads that a heap's hooks tell of, in the journal, where the controller reads them. A heap's library
// knows nothing of sessions; it calls this where a witness is loaded (interpose/glibc/threads.cpp).

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include "alloc8/detail/compiler.h"
#include "witness/linux/image.h"

// 0: a thread has begun, 1: one has ended. From any context; keeps errno.
extern "C" ALLOC8_EXPORT void alloc8_thread_event(int event) { alloc8::witness::journal().countThread(event != 0); }
