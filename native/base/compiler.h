// What compilers spell differently, for the native code that knows nothing of include/alloc8; base/ has no other place
// that names a compiler.

#pragma once

// ThreadSanitizer does not look at the function: one that reads what other threads write, for an account of a moment.
#define ALLOC8_TSAN_BLIND __attribute__((no_sanitize("thread")))

// Tells ThreadSanitizer of an order that it cannot see, because the kernel gives it: what came before the one comes
// before what follows the other, for the same address.
#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_release(void*);
extern "C" void __tsan_acquire(void*);
#define ALLOC8_TSAN_BEFORE(address) __tsan_release(address)
#define ALLOC8_TSAN_AFTER(address) __tsan_acquire(address)
#else
#define ALLOC8_TSAN_BEFORE(address) static_cast<void>(address)
#define ALLOC8_TSAN_AFTER(address) static_cast<void>(address)
#endif
