// Names that upstream alloc8 heaps include from here: the export and inlining macros.

#pragma once

#include "alloc8/detail/compiler.h"
#include "alloc8/pages.h"

// Upstream's compile-time constant; heaps that carve pages should ask alloc8::pages::size() instead, because kernels
// with 16 and 64 KiB pages exist.
#ifndef ALLOC8_PAGE_SIZE
#define ALLOC8_PAGE_SIZE 4096
#endif
