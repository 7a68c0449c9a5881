// What compilers spell differently, in one place; the only public header that may name a compiler.

#pragma once

#define ALLOC8_ALWAYS_INLINE inline __attribute__((always_inline))
#define ALLOC8_NOINLINE __attribute__((noinline))
#define ALLOC8_LIKELY(x) __builtin_expect(!!(x), 1)
#define ALLOC8_UNLIKELY(x) __builtin_expect(!!(x), 0)

// Seen by other objects. Everything else is compiled with hidden visibility, so that calls inside a preload library
// never go through its PLT.
#define ALLOC8_EXPORT __attribute__((visibility("default")))
#define ALLOC8_HIDDEN __attribute__((visibility("hidden")))
#define ALLOC8_WEAK __attribute__((weak))
