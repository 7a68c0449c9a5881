// The bins: an arena's free chunks by size. Small sizes have a bin each; larger ones share bins, eight to a doubling,
// whose lists are sorted. A chunk that was just freed waits in the unsorted bin first, because it is often wanted again
// at once. A bit per bin tells which hold something. (Lea, "A Memory Allocator", 1996; the unsorted bin, the links
// between sizes and the checks of links as the documentation of glibc's malloc describes them.)

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "heaps/multiarena/chunk.h"
#include "heaps/multiarena/corruption.h"
#include "heaps/multiarena/segment.h"

namespace alloc8::heaps::multiarena {

// A large free chunk's links: to its neighbours in the bin, and, where it is the first of its size there, to the first
// ones of the next sizes.
struct LargeLinks : Links {
  LargeLinks* larger;
  LargeLinks* smaller;
};

class Bins {
 public:
  static constexpr std::size_t kSmallLimit = 1024;  // smaller chunks have a bin for each size
  static constexpr std::size_t kUnsorted = 1;       // no chunk is so small that this number is its bin's
  static constexpr std::size_t kCount = 192;

  constexpr Bins() = default;

  // Before anything else: the lists are rings through their heads.
  void start(std::size_t arena) {
    arena_ = arena;
    for (Links& head : heads_) head.next = head.previous = &head;
  }

  static constexpr std::size_t indexOf(std::size_t bytes) {
    if (bytes < kSmallLimit) return bytes / kGranule;
    const auto log = static_cast<std::size_t>(std::bit_width(bytes)) - 1;
    const std::size_t index = kSmallLimit / kGranule + (log - 10) * 8 + (bytes >> (log - 3) & 7);
    return index < kCount ? index : kCount - 1;
  }

  std::size_t chunks() const { return chunks_; }
  std::size_t bytes() const { return bytes_; }

  // The chunk becomes the newest of the unsorted ones. Its size word says how large it is.
  void addUnsorted(Chunk* chunk) {
    addTo(kUnsorted, chunk);
    if (chunk->size() >= kSmallLimit) {
      auto* links = static_cast<LargeLinks*>(chunk->links());
      links->larger = links;
    }
  }

  // The oldest of the unsorted chunks; null when there is none. It stays where it is.
  Chunk* oldestUnsorted() {
    Links* head = &heads_[kUnsorted];
    return head->previous == head ? nullptr : checked(head->previous);
  }
  bool isOnlyUnsorted(const Chunk* chunk) const {
    const Links* links = reinterpret_cast<const Links*>(reinterpret_cast<const char*>(chunk) + kHeader);
    return heads_[kUnsorted].next == links && heads_[kUnsorted].previous == links;
  }

  // Puts a chunk that is in no list into the bin of its size.
  void sort(Chunk* chunk) {
    const std::size_t bytes = chunk->size();
    bytes < kSmallLimit ? addTo(indexOf(bytes), chunk) : addLarge(chunk, bytes);
  }

  // A chunk of exactly `bytes`, taken out, from a small bin; null when there is none.
  Chunk* takeSmall(std::size_t bytes) {
    Links* head = &heads_[bytes / kGranule];
    if (head->previous == head) return nullptr;
    Chunk* chunk = checked(head->previous);
    if (ALLOC8_UNLIKELY(chunk->size() != bytes)) damaged("a free chunk has a size that is not its bin's", chunk);
    unlinkFrom(chunk, bytes, head);
    return chunk;
  }

  // The smallest sorted chunk of at least `bytes`, taken out; null when there is none.
  Chunk* takeBest(std::size_t bytes) {
    const std::size_t own = indexOf(bytes);
    if (bytes >= kSmallLimit && isMarked(own)) {
      for (LargeLinks* size = firstOf(own); size != nullptr; size = size->larger) {
        Chunk* chunk = checked(size);
        if (chunk->size() >= bytes) return takeOneOf(chunk);
      }
    }
    const std::size_t index = firstMarked(bytes >= kSmallLimit ? own + 1 : own);
    return index == kCount ? nullptr : takeOneOf(checked(heads_[index].next));
  }

  // Takes a chunk out of whichever list it is in.
  void remove(Chunk* chunk) {
    const std::size_t bytes = chunk->size();
    Links* links = chunk->links();
    if (bytes >= kSmallLimit && !isUnsorted(chunk)) removeSize(static_cast<LargeLinks*>(links), bytes);
    Links* next = links->next;
    Links* previous = links->previous;
    if (ALLOC8_UNLIKELY(!plausible(next) || !plausible(previous) || next->previous != links ||
                        previous->next != links)) {
      damaged("the links of a free chunk were overwritten", chunk);
    }
    next->previous = previous;
    previous->next = next;
    if (next == previous) unmark(static_cast<std::size_t>(next - heads_));  // then both are the head
    --chunks_;
    bytes_ -= bytes;
  }

  // For whoever looks at all of them: the number of the first bin from `index` on that holds something, or kCount.
  std::size_t firstMarked(std::size_t index) const {
    for (std::size_t word = index / 64; word < kCount / 64; ++word) {
      std::uint64_t bits = marks_[word];
      if (word == index / 64) bits &= ~std::uint64_t{0} << (index % 64);
      if (bits != 0) return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    }
    return kCount;
  }
  const Links* head(std::size_t index) const { return &heads_[index]; }
  bool isMarked(std::size_t index) const { return (marks_[index / 64] >> (index % 64) & 1) != 0; }

 private:
  static_assert(kCount % 64 == 0);

  void mark(std::size_t index) { marks_[index / 64] |= std::uint64_t{1} << (index % 64); }
  void unmark(std::size_t index) { marks_[index / 64] &= ~(std::uint64_t{1} << (index % 64)); }

  [[noreturn]] void damaged(const char* found, Chunk* chunk) const {
    corrupt(found, chunk, chunk->sizeAndFlags, arena_);
  }

  bool isHead(const Links* links) const { return links >= heads_ && links < heads_ + kCount; }
  // Whether links may be there at all: asked before they are followed.
  bool plausible(const Links* links) const {
    return isHead(links) || (Segment::mayOwn(links) && reinterpret_cast<std::uintptr_t>(links) % kGranule == 0);
  }
  // The chunk of links that were read from a list.
  Chunk* checked(Links* links) const {
    Chunk* chunk = Chunk::ofLinks(links);
    if (ALLOC8_UNLIKELY(!plausible(links))) corrupt("a bin leads to what is no chunk", chunk, 0, arena_);
    return chunk;
  }

  void addTo(std::size_t index, Chunk* chunk) {
    insertBetween(&heads_[index], chunk, checkedNext(&heads_[index]));
    mark(index);
  }

  Links* checkedNext(Links* links) const {
    Links* next = links->next;
    if (ALLOC8_UNLIKELY(!plausible(next) || next->previous != links)) {
      damaged("the links of a free chunk were overwritten",
              Chunk::ofLinks(next == nullptr || !plausible(next) ? links : next));
    }
    return next;
  }

  void insertBetween(Links* previous, Chunk* chunk, Links* next) {
    Links* links = chunk->links();
    *links = {next, previous};
    next->previous = links;
    previous->next = links;
    ++chunks_;
    bytes_ += chunk->size();
  }

  // The list is known to be a small bin's; its check is that of its neighbour.
  void unlinkFrom(Chunk* chunk, std::size_t bytes, Links* head) {
    Links* previous = chunk->links()->previous;
    if (ALLOC8_UNLIKELY(!plausible(previous) || previous->next != chunk->links())) {
      damaged("the links of a free chunk were overwritten", chunk);
    }
    head->previous = previous;
    previous->next = head;
    if (previous == head) unmark(bytes / kGranule);
    --chunks_;
    bytes_ -= bytes;
  }

  LargeLinks* firstOf(std::size_t index) { return static_cast<LargeLinks*>(heads_[index].next); }

  // Whether a large chunk waits in the unsorted bin, whose members have no links between sizes: `larger` is itself.
  static bool isUnsorted(Chunk* chunk) {
    auto* links = static_cast<LargeLinks*>(chunk->links());
    return links->larger == links;
  }

  // Sorted by size, smallest first. Among equals the first keeps the links between sizes, so others go behind it.
  void addLarge(Chunk* chunk, std::size_t bytes) {
    auto* links = static_cast<LargeLinks*>(chunk->links());
    const std::size_t index = indexOf(bytes);
    LargeLinks* last = nullptr;
    LargeLinks* size = isMarked(index) ? firstOf(index) : nullptr;
    for (; size != nullptr && checked(size)->size() < bytes; size = size->larger) last = size;
    links->larger = links->smaller = nullptr;
    if (size != nullptr && Chunk::ofLinks(size)->size() == bytes) {
      insertBetween(size, chunk, checkedNext(size));
    } else {
      links->larger = size;
      links->smaller = last;
      if (last != nullptr) last->larger = links;
      if (size != nullptr) size->smaller = links;
      Links* next = size != nullptr ? size : &heads_[index];
      insertBetween(next->previous, chunk, next);
    }
    mark(index);
  }

  // One of the chunks that are as large as this first one: the second if there is one, which has fewer links.
  Chunk* takeOneOf(Chunk* first) {
    Links* second = first->links()->next;
    if (first->size() >= kSmallLimit && plausible(second) && !isHead(second) &&
        Chunk::ofLinks(second)->size() == first->size()) {
      first = Chunk::ofLinks(second);
    }
    remove(first);
    return first;
  }

  // Takes a sorted chunk out of the links between sizes; the next of its size takes its place in them.
  void removeSize(LargeLinks* links, std::size_t bytes) {
    Links* previous = links->previous;
    if (plausible(previous) && !isHead(previous) && Chunk::ofLinks(previous)->size() == bytes) return;  // not first
    LargeLinks* larger = links->larger;
    LargeLinks* smaller = links->smaller;
    if ((larger != nullptr && (!plausible(larger) || larger->smaller != links)) ||
        (smaller != nullptr && (!plausible(smaller) || smaller->larger != links))) {
      damaged("the links of a free chunk were overwritten", Chunk::ofLinks(links));
    }
    LargeLinks* heir = nullptr;
    if (Links* next = links->next; plausible(next) && !isHead(next) && Chunk::ofLinks(next)->size() == bytes) {
      heir = static_cast<LargeLinks*>(next);
      heir->larger = larger;
      heir->smaller = smaller;
    }
    if (larger != nullptr) larger->smaller = heir != nullptr ? heir : smaller;
    if (smaller != nullptr) smaller->larger = heir != nullptr ? heir : larger;
  }

  Links heads_[kCount] = {};
  std::uint64_t marks_[kCount / 64] = {};
  std::size_t chunks_ = 0;
  std::size_t bytes_ = 0;
  std::size_t arena_ = 0;
};

}  // namespace alloc8::heaps::multiarena
