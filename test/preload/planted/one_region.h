// What the lab's two planted heaps have in common: blocks carved off one region of addresses, one behind the other,
// whichever thread asks. In front of each stand 16 bytes with its size, so that neighbours of 64 bytes share lines.

#pragma once

#include <cstdint>

#include "alloc8/alloc8.h"
#include "alloc8/arena.h"

namespace planted {

struct Header {
  std::size_t usable;  // bytes of the block
  std::size_t kept;    // whatever the heap wants to know when it is freed
};
static_assert(sizeof(Header) == 16);

class OneRegion {
 public:
  OneRegion()
      : arena_({.limitBytes = std::size_t{256} << 30, .chunkBytes = 1 << 20, .growth = alloc8::Growth::kChunks}) {}

  // Never given back. Null where the region is used up. The caller holds the lock.
  void* carve(std::size_t size, std::size_t alignment, std::size_t kept) {
    const std::size_t usable = (size + 15) & ~std::size_t{15};
    const std::size_t front = alignment < sizeof(Header) ? sizeof(Header) : alignment;
    if (size > PTRDIFF_MAX || front > PTRDIFF_MAX) return nullptr;
    auto* p = static_cast<char*>(arena_.allocate(front + usable, front));
    if (p == nullptr) return nullptr;
    *headerOf(p + front) = {usable, kept};
    return p + front;
  }

  static Header* headerOf(void* p) { return static_cast<Header*>(p) - 1; }

 private:
  alloc8::Arena arena_;
};

}  // namespace planted
