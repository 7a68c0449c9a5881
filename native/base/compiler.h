// What compilers spell differently, for the folders that do not include the public headers.

#pragma once

#define A8_LIKELY(x) __builtin_expect(!!(x), 1)
#define A8_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define A8_NOINLINE __attribute__((noinline))
