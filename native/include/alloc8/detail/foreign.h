// Where a pointer goes that the heap does not own: to the allocator behind us (libc's, or the next preload). Used only
// where the heap has `owns`; linked in with the interposer.

#pragma once

#include <cstddef>

#include "alloc8/detail/compiler.h"

namespace alloc8::detail {

// Frees it where it came from, and counts it. Without an allocator behind us the block is leaked, never dropped into
// the wrong heap.
ALLOC8_HIDDEN void foreignFree(void* p) noexcept;
// Its usable size, 0 when nobody knows.
ALLOC8_HIDDEN std::size_t foreignUsableSize(void* p) noexcept;
// How many pointers were routed so far.
ALLOC8_HIDDEN std::size_t foreignCount() noexcept;

}  // namespace alloc8::detail
