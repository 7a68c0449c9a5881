// Hollowing out: a superblock of which little is in use can give single pages back to the system, those that no block
// in use reaches into. Their blocks leave the free list, whose links stand in them, and are carved anew when they are
// wanted. What a program that frees most of its blocks in random order leaves behind is so held by what is left and not
// by whole superblocks.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "alloc8/alloc8.h"
#include "heaps/hoard/superblock.h"

namespace alloc8::heaps::hoard {

// The blocks that begin in a page.
struct HollowPage {
  std::uint32_t first;
  std::uint32_t count;
};

// A mask of sixteen pages covers a superblock; where pages are larger, fewer bits are used.
inline constexpr std::size_t kHollowPages = 16;

inline std::size_t hollowPageBytes() {
  const std::size_t page = pages::size();
  return page < kSliceBytes / kHollowPages ? kSliceBytes / kHollowPages : page;
}

inline HollowPage blocksOfPage(const Superblock* superblock, std::size_t page, std::size_t pageBytes) {
  const std::size_t bytes = superblock->blockBytes;
  const std::size_t first = (page * pageBytes + bytes - 1) / bytes;
  std::size_t end = ((page + 1) * pageBytes + bytes - 1) / bytes;
  if (end > superblock->capacity) end = superblock->capacity;
  return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(end > first ? end - first : 0)};
}

// Takes the lowest hollow page of a superblock that has one out of the mask.
inline HollowPage takeHollow(Superblock* superblock) {
  const auto page = static_cast<unsigned>(std::countr_zero(superblock->hollow));
  superblock->hollow = static_cast<std::uint16_t>(superblock->hollow & (superblock->hollow - 1));
  return blocksOfPage(superblock, page, hollowPageBytes());
}

// Which blocks of a superblock are free, a bit for each.
class FreeBlocks {
 public:
  explicit FreeBlocks(const Superblock* superblock) {
    const char* begin = superblock->begin();
    for (const Block* block = superblock->free; block != nullptr; block = block->next) {
      set(static_cast<std::uint32_t>(reinterpret_cast<const char*>(block) - begin) / superblock->blockBytes);
    }
    for (std::size_t block = superblock->frontier; block < superblock->capacity; ++block) set(block);
    const std::size_t pageBytes = hollowPageBytes();
    for (unsigned page = 0; page < kHollowPages; ++page) {
      if ((superblock->hollow >> page & 1) == 0) continue;
      const HollowPage blocks = blocksOfPage(superblock, page, pageBytes);
      for (std::size_t block = blocks.first; block < blocks.first + blocks.count; ++block) set(block);
    }
  }

  bool all(std::size_t first, std::size_t end) const {
    for (std::size_t block = first; block < end; ++block) {
      if ((words_[block / 64] >> (block % 64) & 1) == 0) return false;
    }
    return true;
  }

 private:
  void set(std::size_t block) { words_[block / 64] |= std::uint64_t{1} << (block % 64); }

  std::uint64_t words_[kSliceBytes / 16 / 64] = {};
};

// Whether one page in three or more is likely to hold no block in use, if those lie anywhere: to find out takes a walk
// over the free blocks, out of the cache.
inline bool worthHollowing(const Superblock* superblock) {
  const std::size_t blocksInPage = hollowPageBytes() / superblock->blockBytes + 1;
  return superblock->used * blocksInPage <= superblock->carved;  // exp(-1) is 0.37
}

// Gives back what can be given back; `hollow`, `carved`, `free` and `hollowedAt` say what is left.
inline ALLOC8_NOINLINE void hollowOut(Superblock* superblock) {
  superblock->hollowedAt = superblock->used;
  const std::size_t pageBytes = hollowPageBytes();
  if (pageBytes >= kSliceBytes) return;
  const FreeBlocks free(superblock);
  const std::size_t bytes = superblock->blockBytes;
  const std::size_t touched = superblock->frontier * bytes;
  std::uint16_t empty = 0;  // pages that no block in use reaches into
  for (unsigned page = 0; page * pageBytes < touched; ++page) {
    const std::size_t end = ((page + 1) * pageBytes + bytes - 1) / bytes;
    const std::size_t most = superblock->capacity;
    if (free.all(page * pageBytes / bytes, end < most ? end : most)) empty |= static_cast<std::uint16_t>(1U << page);
  }
  std::uint16_t hollow = 0;
  for (unsigned page = 0; page < kHollowPages; ++page) {
    if ((empty >> page & 1) == 0 || (superblock->hollow >> page & 1) != 0) continue;
    HollowPage blocks = blocksOfPage(superblock, page, pageBytes);
    if (blocks.first >= superblock->frontier || blocks.count == 0) continue;
    // What lies behind the frontier of a page that is given back is carved with the rest.
    if (blocks.first + blocks.count > superblock->frontier) {
      superblock->frontier = static_cast<std::uint16_t>(blocks.first);
      continue;
    }
    hollow |= static_cast<std::uint16_t>(1U << page);
  }
  // The free list without what begins in pages that go.
  Block* kept = nullptr;
  std::uint32_t count = 0;
  const char* begin = superblock->begin();
  for (Block* block = superblock->free; block != nullptr;) {
    Block* next = block->next;
    const auto offset = static_cast<std::uint32_t>(reinterpret_cast<const char*>(block) - begin);
    if ((hollow >> (offset / pageBytes) & 1) == 0 && offset / superblock->blockBytes < superblock->frontier) {
      block->next = kept;
      kept = block;
      ++count;
    }
    block = next;
  }
  superblock->free = kept;
  superblock->carved = superblock->used + count;
  empty = static_cast<std::uint16_t>(empty & ~superblock->hollow);
  superblock->hollow |= hollow;
  while (empty != 0) {
    const auto start = static_cast<unsigned>(std::countr_zero(empty));
    const auto length = static_cast<unsigned>(std::countr_one(static_cast<std::uint16_t>(empty >> start)));
    pages::purge(superblock->begin() + start * pageBytes, length * pageBytes);
    empty = static_cast<std::uint16_t>(empty & ~(((1U << length) - 1) << start));
  }
}

}  // namespace alloc8::heaps::hoard
