// Size classes over a source: blocks of up to `kLargest` bytes are cut from chunks and go to a free list of their class
// when they are freed; larger ones are the source's. Has no lock: Locked<SizeClasses<MmapSource>> is a heap for any
// program. Chunks are never given back.

#pragma once

#include "alloc8/layers/layer.h"
#include "alloc8/size_classes.h"

namespace alloc8::layers {

template <class Super, std::size_t kLargest = 8192, std::size_t kChunkBytes = std::size_t{256} << 10>
class SizeClasses : public Reshaping<Super> {
  static_assert(kChunkBytes >= 4 * kLargest, "a chunk holds too few of the largest blocks");

 public:
  constexpr SizeClasses() = default;
  static constexpr bool followsLibcRules = alloc8::detail::followsLibcRules<Super>();

  void* malloc(std::size_t size) {
    if (size > kLargest) return large(detail::kAlignment, size);
    const std::size_t sizeClass = sizeClassOf(size);
    if (Block* block = free_[sizeClass]; block != nullptr) {
      free_[sizeClass] = block->next;
      return block;
    }
    return fresh(sizeClass);
  }

  void free(void* p) {
    if (p == nullptr) return;
    const Header header = *headerOf(p);
    if (header.bytes == kIsLarge) return Super::free(header.start);
    const std::size_t sizeClass = sizeClassOf(header.bytes);
    // An aligned block goes back as what it was cut as.
    auto* block = static_cast<Block*>(header.start);
    block->next = free_[sizeClass];
    free_[sizeClass] = block;
  }

  void* memalign(std::size_t alignment, std::size_t size) {
    if (alignment <= detail::kAlignment) return malloc(size);
    if (alignment > kLargest || size > kLargest - alignment) return large(alignment, size);
    void* block = malloc(size + alignment);
    if (block == nullptr) return nullptr;
    const std::size_t bytes = headerOf(block)->bytes;
    char* aligned =
        static_cast<char*>(block) + (detail::roundUp(detail::addressOf(block), alignment) - detail::addressOf(block));
    *headerOf(aligned) = {bytes, block};
    return aligned;
  }

  std::size_t getSize(void* p) {
    const Header& header = *headerOf(p);
    const std::size_t whole = header.bytes == kIsLarge ? Super::getSize(header.start) : header.bytes;
    return whole - static_cast<std::size_t>(static_cast<char*>(p) - static_cast<char*>(header.start));
  }

 private:
  // In front of every pointer that is handed out.
  struct Header {
    std::size_t bytes;  // of the block's class, or kIsLarge
    void* start;        // the block, of which an aligned pointer is a part; of a large one, what the source gave
  };
  static_assert(sizeof(Header) == detail::kAlignment);
  struct Block {
    Block* next;
  };
  static constexpr std::size_t kIsLarge = SIZE_MAX;

  static Header* headerOf(void* p) { return static_cast<Header*>(p) - 1; }

  ALLOC8_NOINLINE void* fresh(std::size_t sizeClass) {
    const std::size_t bytes = sizeClassBytes(sizeClass);
    if (bytes + sizeof(Header) > left_) {
      auto* chunk = static_cast<char*>(Super::malloc(kChunkBytes));
      if (chunk == nullptr) return nullptr;
      next_ = chunk;
      left_ = kChunkBytes;
    }
    char* block = next_ + sizeof(Header);
    next_ += bytes + sizeof(Header);
    left_ -= bytes + sizeof(Header);
    *headerOf(block) = {bytes, block};
    return block;
  }

  ALLOC8_NOINLINE void* large(std::size_t alignment, std::size_t size) {
    if (size > detail::kMostBytes || alignment > detail::kMostBytes) return nullptr;
    auto* start = static_cast<char*>(Super::malloc(size + alignment + sizeof(Header)));
    if (start == nullptr) return nullptr;
    char* block =
        start + (detail::roundUp(detail::addressOf(start) + sizeof(Header), alignment) - detail::addressOf(start));
    *headerOf(block) = {kIsLarge, start};
    return block;
  }

  Block* free_[sizeClassOf(kLargest) + 1] = {};
  char* next_ = nullptr;  // where the next fresh block comes from
  std::size_t left_ = 0;  // bytes there
};

}  // namespace alloc8::layers
