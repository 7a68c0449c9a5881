// What compilers spell differently, in one place; the only public header that may name a compiler.

#pragma once

#include "alloc8/detail/prefix.h"

#define ALLOC8_ALWAYS_INLINE inline __attribute__((always_inline))
#define ALLOC8_NOINLINE __attribute__((noinline))
#define ALLOC8_LIKELY(x) __builtin_expect(!!(x), 1)
#define ALLOC8_UNLIKELY(x) __builtin_expect(!!(x), 0)

// Seen by other objects. Everything else is compiled with hidden visibility, so that calls inside a preload library
// never go through its PLT.
#define ALLOC8_EXPORT __attribute__((visibility("default")))
#define ALLOC8_HIDDEN __attribute__((visibility("hidden")))
#define ALLOC8_WEAK __attribute__((weak))

// Whether this file is compiled with exceptions, and a try that is none without them.
#if defined(__cpp_exceptions)
#define ALLOC8_EXCEPTIONS true
#define ALLOC8_TRY try
#define ALLOC8_CATCH(...) \
  catch (...) {           \
    __VA_ARGS__;          \
  }
#else
#define ALLOC8_EXCEPTIONS false
#define ALLOC8_TRY
#define ALLOC8_CATCH(...)
#endif

// Thread-local storage that is reached without a call, which might allocate: for libraries that are there from the
// start.
#define ALLOC8_STATIC_TLS __attribute__((tls_model("initial-exec")))

// ThreadSanitizer does not look at the function: one that reads what other threads write, for an account of a moment.
#define ALLOC8_NO_TSAN __attribute__((no_sanitize("thread")))

// For functions that give blocks: nothing else points there, and which arguments multiply to its size.
#define ALLOC8_MALLOC_ATTR __attribute__((malloc))
#define ALLOC8_ALLOC_SIZE(...) __attribute__((alloc_size(__VA_ARGS__)))

// The compiler may assume nothing of the variable any more: not that a pointer is never null, which libc's declarations
// promise of their arguments and callers do not keep.
#define ALLOC8_ASSUME_NOTHING(variable) __asm__("" : "+r"(variable))

// A function whose last call is a jump in every build, also in one without optimisation where the compiler can be told.
#if defined(__clang__)
#define ALLOC8_TAIL_CALLS ALLOC8_NOINLINE
#else
#define ALLOC8_TAIL_CALLS __attribute__((optimize("O2"), noinline))
#endif

// Inlines everything that the function calls and that is not marked as not to be inlined.
#define ALLOC8_FLATTEN __attribute__((flatten))

// Declares a second name of a function that stands in the same file, with all its attributes where the compiler can
// copy them.
#if __has_attribute(copy)
#define ALLOC8_ALIAS(target) ALLOC8_EXPORT __attribute__((alias(#target), copy(target)))
#else
#define ALLOC8_ALIAS(target) ALLOC8_EXPORT __attribute__((alias(#target)))
#endif
