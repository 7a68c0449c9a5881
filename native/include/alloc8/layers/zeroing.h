// Every byte of a block is zero when it is handed out, whatever was there before: no secret of a former owner shows,
// and a program that reads what it has not written behaves the same each time.

#pragma once

#include <cstring>

#include "alloc8/layers/layer.h"

namespace alloc8::layers {

template <class Super>
class Zeroing : public Reshaping<Super> {
 public:
  constexpr Zeroing() = default;
  static constexpr bool followsLibcRules = alloc8::detail::followsLibcRules<Super>();

  void* malloc(std::size_t size) { return cleared(Super::malloc(size)); }
  void* memalign(std::size_t alignment, std::size_t size) { return cleared(Super::memalign(alignment, size)); }

  // All of the block, and not only what is asked for.
  void* calloc(std::size_t count, std::size_t size) { return malloc(count * size); }

  // Blocks and sizes are the heap's own.
  bool owns(void* p) requires alloc8::detail::HasOwns<Super> { return Super::owns(p); }
  HeapStats stats() requires alloc8::detail::HasStats<Super> { return Super::stats(); }

 private:
  void* cleared(void* p) { return p == nullptr ? p : std::memset(p, 0, Super::getSize(p)); }
};

}  // namespace alloc8::layers
