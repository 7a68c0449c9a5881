// An inaccessible page right behind every block: the first byte written or read beyond it ends the program there and
// then, at the instruction that does it. Blocks end where the page begins, but for what alignment leaves (up to 15
// bytes). Each takes at least two pages of the heap below, and splits a mapping: where the system allows no more of
// those, blocks are handed out without a guard, and counted.
//
// (Electric Fence, Bruce Perens, 1987.)

#pragma once

#include <atomic>

#include "alloc8/layers/layer.h"
#include "alloc8/pages.h"

namespace alloc8::layers {

template <class Super>
class Guard : public Reshaping<Super> {
 public:
  constexpr Guard() = default;

  void* malloc(std::size_t size) { return memalign(detail::kAlignment, size); }

  void* memalign(std::size_t alignment, std::size_t size) {
    if (size > detail::kMostBytes || alignment > detail::kMostBytes) return nullptr;
    const std::size_t page = pages::size();
    const std::size_t front = detail::roundUp(sizeof(Header), alignment);
    if (size == 0) size = 1;
    const std::size_t data = detail::roundUp(front + detail::roundUp(size, alignment), page);
    void* start = Super::memalign(alignment > page ? alignment : page, data + page);
    if (start == nullptr) return nullptr;
    char* guard = static_cast<char*>(start) + data;
    // As far up as the alignment lets it.
    char* block = static_cast<char*>(start) + ((data - size) & ~(alignment - 1));
    const bool guarded = pages::protect(guard, page);
    if (!guarded) unguarded_.fetch_add(1, std::memory_order_relaxed);
    *headerOf(block) = {start, guard, guarded, kMagic ^ detail::addressOf(block)};
    return block;
  }

  void free(void* p) {
    if (p == nullptr) return;
    Header* header = checked(p);
    void* start = header->start;
    // A guard that cannot be taken away would hit whoever gets the memory next: it stays, and the memory with it.
    if (header->guarded && !pages::commit(header->guard, pages::size())) return;
    header->magic = kFreed;
    Super::free(start);
  }

  std::size_t getSize(void* p) { return static_cast<std::size_t>(checked(p)->guard - static_cast<char*>(p)); }

  // Blocks that were handed out without a guard.
  std::size_t unguarded() const { return unguarded_.load(std::memory_order_relaxed); }

 private:
  struct Header {
    void* start;  // what the heap below gave
    char* guard;
    bool guarded;
    std::uint64_t magic;  // last, for what is written before a block comes close to it
  };
  static constexpr std::uint64_t kMagic = 0x6472'6175'6720'6120;
  static constexpr std::uint64_t kFreed = 0x6465'6572'6620'7369;

  static Header* headerOf(void* p) { return static_cast<Header*>(p) - 1; }

  static Header* checked(void* p) {
    Header* header = headerOf(p);
    if (ALLOC8_UNLIKELY(header->magic != (kMagic ^ detail::addressOf(p)))) {
      if (header->magic == kFreed) fatal("guard: this block was freed before", p);
      fatal("guard: written before the beginning of this block, or it is none", p);
    }
    return header;
  }

  std::atomic<std::size_t> unguarded_{0};
};

}  // namespace alloc8::layers
