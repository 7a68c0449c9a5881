// A source of memory, the bottom of a stack: every block is a mapping of its own, which free gives back. Slow, and each
// block takes at least a page; SizeClasses over it makes a heap of it.

#pragma once

#include "alloc8/layers/layer.h"
#include "alloc8/pages.h"

namespace alloc8::layers {

class MmapSource {
 public:
  static constexpr bool followsLibcRules = true;
  constexpr MmapSource() = default;

  void* malloc(std::size_t size) { return memalign(detail::kAlignment, size); }

  // Fresh pages are zeroed.
  void* calloc(std::size_t count, std::size_t size) { return malloc(count * size); }

  void* memalign(std::size_t alignment, std::size_t size) {
    if (size > detail::kMostBytes || alignment > detail::kMostBytes) return nullptr;
    // The header stands right in front of the block, which may begin at the first multiple behind it.
    const std::size_t bytes = detail::roundUp(sizeof(Header) + alignment + (size == 0 ? 1 : size), pages::size());
    auto* mapping = static_cast<char*>(pages::map(bytes, pages::size()));
    if (mapping == nullptr) return nullptr;
    const std::uintptr_t first = detail::addressOf(mapping) + sizeof(Header);
    char* block = mapping + (detail::roundUp(first, alignment) - detail::addressOf(mapping));
    *headerOf(block) = {mapping, bytes};
    return block;
  }

  void free(void* p) {
    if (p == nullptr) return;
    const Header header = *headerOf(p);
    pages::unmap(header.mapping, header.bytes);
  }

  std::size_t getSize(void* p) {
    const Header& header = *headerOf(p);
    return header.bytes - static_cast<std::size_t>(static_cast<char*>(p) - header.mapping);
  }

  // It has nothing that a fork could find half done.
  void lock() {}
  void unlock() {}

 private:
  struct Header {
    char* mapping;
    std::size_t bytes;
  };
  static_assert(sizeof(Header) == detail::kAlignment);

  static Header* headerOf(void* p) { return static_cast<Header*>(p) - 1; }
};

}  // namespace alloc8::layers
