// Finds writes before and behind a block when it is freed or measured: each has a header in front that only this layer
// writes, and bytes of a known pattern right behind the last one that was asked for. So malloc_usable_size is what was
// asked for, to the byte. The process ends with a message that names the block.

#pragma once

#include <cstring>

#include "alloc8/layers/layer.h"
#include "alloc8/pages.h"

namespace alloc8::layers {

template <class Super, std::size_t kCanaryBytes = 16>
class Canary : public Reshaping<Super> {
 public:
  constexpr Canary() = default;

  void* malloc(std::size_t size) { return memalign(detail::kAlignment, size); }

  void* memalign(std::size_t alignment, std::size_t size) {
    if (size > detail::kMostBytes || alignment > detail::kMostBytes) return nullptr;
    const std::size_t front = detail::roundUp(sizeof(Header), alignment);
    void* start = alignment <= detail::kAlignment ? Super::malloc(front + size + kCanaryBytes)
                                                  : Super::memalign(alignment, front + size + kCanaryBytes);
    if (start == nullptr) return nullptr;
    char* block = static_cast<char*>(start) + front;
    const std::uint64_t seal = sealOf(block, size, start);
    *headerOf(block) = {size, start, ~seal, seal};
    std::memset(block + size, kPattern, kCanaryBytes);
    return block;
  }

  void free(void* p) {
    if (p == nullptr) return;
    Header* header = checked(p);
    void* start = header->start;
    header->seal = kFreed;
    Super::free(start);
  }

  // Bytes that were asked for.
  std::size_t getSize(void* p) { return checked(p)->size; }

 private:
  struct Header {
    std::size_t size;
    void* start;            // what the heap below gave
    std::uint64_t inverse;  // of the seal
    std::uint64_t seal;     // made of the block, its size and its start
  };
  static constexpr unsigned char kPattern = 0xc5;
  static constexpr std::uint64_t kFreed = 0x6465'6572'6620'7369;

  static Header* headerOf(void* p) { return static_cast<Header*>(p) - 1; }

  static std::uint64_t sealOf(const void* block, std::size_t size, const void* start) {
    return (detail::addressOf(block) ^ detail::addressOf(start) << 1 ^ size) * 0x9e37'79b9'7f4a'7c15;
  }

  static Header* checked(void* p) {
    Header* header = headerOf(p);
    const std::uint64_t seal = sealOf(p, header->size, header->start);
    if (ALLOC8_UNLIKELY(header->seal != seal || header->inverse != ~seal)) {
      if (header->seal == kFreed) fatal("canary: this block was freed before", p);
      fatal("canary: written before the beginning of this block, or it is none", p);
    }
    const auto* canary = static_cast<const unsigned char*>(p) + header->size;
    for (std::size_t i = 0; i < kCanaryBytes; ++i) {
      if (ALLOC8_UNLIKELY(canary[i] != kPattern)) fatal("canary: written behind the end of this block", p);
    }
    return header;
  }
};

}  // namespace alloc8::layers
