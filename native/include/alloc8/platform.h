// Names that upstream alloc8 heaps include from here: the system, the export and inlining macros, and some sizes.

#pragma once

#include "alloc8/detail/compiler.h"
#include "alloc8/pages.h"

// Upstream's names of the system, for heaps that ask. This is the only one that the interposer is built for so far.
#define ALLOC8_LINUX 1
#define ALLOC8_POSIX 1

// What every block is aligned to, in bytes, and what threads should not share.
#define ALLOC8_MIN_ALIGNMENT 16
#define ALLOC8_CACHE_LINE_SIZE 64

// Upstream's compile-time constant; heaps that carve pages should ask alloc8::pages::size() instead, because kernels
// with 16 and 64 KiB pages exist.
#ifndef ALLOC8_PAGE_SIZE
#define ALLOC8_PAGE_SIZE 4096
#endif
