// Hooks on the life of threads, for heaps that keep something per thread. A heap has them by ALLOC8_THREAD_REDIRECT
// (alloc8.h) or by defining these functions itself; they are called where interpose/glibc/threads.cpp
// (ALLOC8_THREAD_SOURCES) is linked in. Where nobody defines them nothing is called.
//
// What a heap may rely on:
// - xxthread_init comes before the thread's own code; for the thread that starts the process, before constructors of
//   priority 201 and above.
// - xxthread_cleanup comes once, however the thread ends (return, pthread_exit, thrd_exit, cancellation), in the last
//   round of thread-specific destructors, after those of C++. It comes for the thread that ends the process by exit,
//   too, but not by _exit or a signal.
// - malloc and free work in both, and after the second: destructors of the same last round may still free and allocate.
// - Threads that libc starts for itself (timer_create, aio, getaddrinfo_a) have no hooks, and a library's constructor
//   may start one before the hooks are ready. A heap must do without on those.
// - In the child of a fork the thread that forked lives on without another xxthread_init.

#pragma once

#include "alloc8/detail/compiler.h"

extern "C" {
ALLOC8_WEAK ALLOC8_HIDDEN void xxthread_init();
ALLOC8_WEAK ALLOC8_HIDDEN void xxthread_cleanup();

// Set to 1 before the first thread is started through pthread_create or thrd_create: a heap may leave its locks alone
// until then. Never set back. A heap that reads it defines it; nobody else does.
ALLOC8_WEAK ALLOC8_HIDDEN extern volatile int xxthread_created_flag;
}
