// The bins: an arena's free chunks by size. Small sizes have a bin each; larger ones share bins, sixteen to a doubling,
// whose lists are sorted. A chunk that was just freed waits in the unsorted bin first, because it is often wanted again
// at once. A bit for each size's bin tells which hold something. (Lea, "A Memory Allocator", 1996; the unsorted bin,
// the links between sizes and the checks of links as the documentation of glibc's malloc describes them.)

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
  static constexpr std::size_t kCount = 320;

  constexpr Bins() = default;

  // Before anything else: the lists are rings through their heads.
  void start(std::size_t arena) {
    arena_ = arena;
    for (Links& head : heads_) head.next = head.previous = &head;
  }

  // The number of the bin for chunks of a size, which is below that of a segment.
  static constexpr std::size_t indexOf(std::size_t bytes) {
    if (bytes < kSmallLimit) return bytes / kGranule;
    const auto log = static_cast<std::size_t>(std::bit_width(bytes)) - 1;
    return log * 16 + (bytes >> (log - 4)) - kBelowLarge;
  }

  std::size_t chunks() const { return chunks_; }

  // The chunk becomes the newest of the unsorted ones. Its size word says how large it is.
  void addUnsorted(Chunk* chunk) {
    Links* head = &heads_[kUnsorted];
    ++chunks_;
    insertBetween(head, chunk, checkedNext(head));
    if (chunk->size() >= kSmallLimit) {
      auto* links = static_cast<LargeLinks*>(chunk->links());
      links->larger = links;
    }
  }

  // The oldest of the unsorted chunks; null when there is none. It stays where it is.
  Chunk* oldestUnsorted() {
    Links* head = &heads_[kUnsorted];
    return head->previous == head ? nullptr : Chunk::ofLinks(head->previous);
  }
  bool isOnlyUnsorted() const { return heads_[kUnsorted].next == heads_[kUnsorted].previous; }

  // Takes the oldest of the unsorted chunks out.
  void takeOldest(Chunk* chunk) {
    --chunks_;
    unlinkLast(chunk, &heads_[kUnsorted]);
  }
  // Moves it to the bin of its size.
  void sortOldest(Chunk* chunk, std::size_t bytes) {
    unlinkLast(chunk, &heads_[kUnsorted]);
    bytes < kSmallLimit ? addSmall(chunk, bytes) : addLarge(chunk, bytes);
  }

  // Puts a chunk that is in no list into the bin of its size.
  void addSorted(Chunk* chunk, std::size_t bytes) {
    ++chunks_;
    bytes < kSmallLimit ? addSmall(chunk, bytes) : addLarge(chunk, bytes);
  }

  // A chunk of exactly `bytes`, taken out, from a small bin; null when there is none.
  Chunk* takeSmall(std::size_t bytes) {
    Links* head = &heads_[bytes / kGranule];
    if (head->previous == head) return nullptr;
    Chunk* chunk = Chunk::ofLinks(head->previous);
    if (ALLOC8_UNLIKELY(chunk->size() != bytes)) damaged("a free chunk has a size that is not its bin's", chunk);
    --chunks_;
    if (unlinkLast(chunk, head) == head) unmark(bytes / kGranule);
    return chunk;
  }

  // The smallest sorted chunk of at least `bytes`, taken out; null when there is none.
  Chunk* takeBest(std::size_t bytes) {
    std::size_t index = firstMarked(indexOf(bytes));
    if (index == kCount) return nullptr;
    if (index >= kSmallLimit / kGranule) {
      // The bin of the size itself may hold nothing large enough; every other does.
      if (Chunk::ofLinks(heads_[index].previous)->size() < bytes && (index = firstMarked(index + 1)) == kCount) {
        return nullptr;
      }
      LargeLinks* size = firstOf(index);
      while (Chunk::ofLinks(size)->size() < bytes) size = larger(size);
      return takeOneOf(size);
    }
    Chunk* chunk = Chunk::ofLinks(heads_[index].previous);
    --chunks_;
    if (unlinkLast(chunk, &heads_[index]) == &heads_[index]) unmark(index);
    return chunk;
  }

  // Takes a chunk out of whichever list it is in.
  void remove(Chunk* chunk) {
    if (chunk->size() >= kSmallLimit && !isUnsorted(chunk)) return removeSorted(chunk);
    unlink(chunk);
  }

  // Makes sure that a list leads from links to others and back.
  void check(const Links* links) const {
    if (ALLOC8_UNLIKELY(!plausible(links->next, near(links)) || links->next->previous != links)) {
      damaged(kLinks, Chunk::ofLinks(const_cast<Links*>(links)));
    }
  }

  // The number of the first bin of a size from `index` on that holds something, or kCount.
  std::size_t firstMarked(std::size_t index) const {
    for (std::size_t word = index / 64; word < kCount / 64; ++word) {
      std::uint64_t bits = marks_[word];
      if (word == index / 64) bits &= ~std::uint64_t{0} << (index % 64);
      if (bits != 0) return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    }
    return kCount;
  }
  // For whoever looks at all of them.
  const Links* head(std::size_t index) const { return &heads_[index]; }
  bool isMarked(std::size_t index) const { return (marks_[index / 64] >> (index % 64) & 1) != 0; }

 private:
  static_assert(kCount % 64 == 0);
  // What makes the number of the first large bin that behind the last small one.
  static constexpr std::size_t kBelowLarge = 10 * 16 + 16 - kSmallLimit / kGranule;
  static constexpr const char* kLinks = "the links of a free chunk were overwritten";

  void mark(std::size_t index) { marks_[index / 64] |= std::uint64_t{1} << (index % 64); }
  void unmark(std::size_t index) { marks_[index / 64] &= ~(std::uint64_t{1} << (index % 64)); }

  [[noreturn]] void damaged(const char* found, Chunk* chunk) const {
    corrupt(found, chunk, chunk->sizeAndFlags, arena_);
  }

  bool isHead(const Links* links) const { return static_cast<std::size_t>(distance(heads_, links)) < sizeof heads_; }

  // The segment of links, where most of those that they lead to are as well. A head is in none, or in an arena's home.
  static const Segment* near(const Links* links) { return Segment::of(links); }
  // Whether links may be there at all: asked before they are followed. Heads are not asked, because what they lead to
  // was asked for when it was written there.
  ALLOC8_ALWAYS_INLINE bool plausible(const Links* links, const Segment* nearby) const {
    const auto offset = static_cast<std::size_t>(distance(nearby, links));
    return ALLOC8_LIKELY(offset < nearby->bytes()) || isHead(links) || isElsewhere(links);
  }
  static ALLOC8_NOINLINE bool isElsewhere(const Links* links) {
    return Segment::mayOwn(links) && distance(links, Segment::of(links)->end) >= std::ptrdiff_t{sizeof(Links)};
  }

  Links* checkedNext(Links* head) const {
    Links* next = head->next;
    if (ALLOC8_UNLIKELY(next->previous != head)) damaged(kLinks, Chunk::ofLinks(next));
    return next;
  }

  static void insertBetween(Links* previous, Chunk* chunk, Links* next) {
    Links* links = chunk->links();
    *links = {next, previous};
    next->previous = links;
    previous->next = links;
  }

  // Takes the last chunk of a list out; what is the last one then.
  ALLOC8_ALWAYS_INLINE Links* unlinkLast(Chunk* chunk, Links* head) {
    Links* links = chunk->links();
    Links* previous = links->previous;
    if (ALLOC8_UNLIKELY(links->next != head || !plausible(previous, near(links)) || previous->next != links)) {
      damaged(kLinks, chunk);
    }
    head->previous = previous;
    previous->next = head;
    return previous;
  }

  ALLOC8_ALWAYS_INLINE void unlink(Chunk* chunk) {
    Links* links = chunk->links();
    const Segment* nearby = near(links);
    Links* next = links->next;
    Links* previous = links->previous;
    if (ALLOC8_UNLIKELY(!plausible(next, nearby) || !plausible(previous, nearby) || next->previous != links ||
                        previous->next != links)) {
      damaged(kLinks, chunk);
    }
    next->previous = previous;
    previous->next = next;
    if (next == previous) unmark(static_cast<std::size_t>(next - heads_));  // then both are the head
    --chunks_;
  }

  void addSmall(Chunk* chunk, std::size_t bytes) {
    Links* head = &heads_[bytes / kGranule];
    insertBetween(head, chunk, checkedNext(head));
    mark(bytes / kGranule);
  }

  LargeLinks* firstOf(std::size_t index) { return static_cast<LargeLinks*>(heads_[index].next); }

  // A large chunk that waits in the unsorted bin has no links between sizes: `larger` is itself.
  static bool isUnsorted(Chunk* chunk) {
    auto* links = static_cast<LargeLinks*>(chunk->links());
    return links->larger == links;
  }
  // Nor has one that is not the first of its size: `smaller` is itself.
  static bool isFirst(const LargeLinks* links) { return links->smaller != links; }

  // The first chunk of the next larger size; null behind the largest.
  LargeLinks* larger(LargeLinks* size) const {
    LargeLinks* next = size->larger;
    if (ALLOC8_UNLIKELY(next != nullptr && (!plausible(next, near(size)) || next->smaller != size))) {
      damaged(kLinks, Chunk::ofLinks(size));
    }
    return next;
  }

  // Sorted by size, smallest first. Among equals the first keeps the links between sizes, so others go behind it.
  void addLarge(Chunk* chunk, std::size_t bytes) {
    auto* links = static_cast<LargeLinks*>(chunk->links());
    const std::size_t index = indexOf(bytes);
    Links* head = &heads_[index];
    if (head->next == head) {
      links->larger = links->smaller = nullptr;
      insertBetween(head, chunk, head);
      return mark(index);
    }
    LargeLinks* last = nullptr;
    LargeLinks* size = firstOf(index);
    for (; size != nullptr && Chunk::ofLinks(size)->size() < bytes; size = larger(size)) last = size;
    if (size != nullptr && Chunk::ofLinks(size)->size() == bytes) {
      check(size);
      links->larger = nullptr;
      links->smaller = links;
      return insertBetween(size, chunk, size->next);
    }
    Links* next = size != nullptr ? size : head;
    Links* previous = next->previous;
    if (ALLOC8_UNLIKELY(!plausible(previous, near(links)) || previous->next != next)) {
      damaged(kLinks, Chunk::ofLinks(next == head ? previous : next));
    }
    links->larger = size;
    links->smaller = last;
    if (last != nullptr) last->larger = links;
    if (size != nullptr) size->smaller = links;
    insertBetween(previous, chunk, next);
  }

  // One of the chunks that are as large as this first one: the second if there is one, which has fewer links.
  ALLOC8_ALWAYS_INLINE Chunk* takeOneOf(LargeLinks* first) {
    check(first);
    Links* second = first->next;
    if (!isHead(second) && !isFirst(static_cast<LargeLinks*>(second))) {
      Chunk* chunk = Chunk::ofLinks(second);
      if (ALLOC8_UNLIKELY(chunk->size() != Chunk::ofLinks(first)->size())) {
        damaged("a free chunk has a size that is not its bin's", chunk);
      }
      unlink(chunk);
      return chunk;
    }
    replaceSize(first, nullptr);
    Links* previous = first->previous;
    if (ALLOC8_UNLIKELY(!plausible(previous, near(first)) || previous->next != first)) {
      damaged(kLinks, Chunk::ofLinks(first));
    }
    second->previous = previous;
    previous->next = second;
    if (second == previous) unmark(static_cast<std::size_t>(second - heads_));
    --chunks_;
    return Chunk::ofLinks(first);
  }

  // Takes a sorted chunk out of the links between sizes; the next of its size takes its place in them.
  ALLOC8_NOINLINE void removeSorted(Chunk* chunk) {
    auto* links = static_cast<LargeLinks*>(chunk->links());
    if (isFirst(links)) {
      check(links);
      auto* next = static_cast<LargeLinks*>(links->next);
      replaceSize(links, isHead(next) || isFirst(next) ? nullptr : next);
    }
    unlink(chunk);
  }
  ALLOC8_ALWAYS_INLINE void replaceSize(LargeLinks* links, LargeLinks* heir) {
    LargeLinks* after = larger(links);
    LargeLinks* before = links->smaller;
    if (ALLOC8_UNLIKELY(before != nullptr && (!plausible(before, near(links)) || before->larger != links))) {
      damaged(kLinks, Chunk::ofLinks(links));
    }
    if (heir != nullptr) {
      heir->larger = after;
      heir->smaller = before;
    }
    if (after != nullptr) after->smaller = heir != nullptr ? heir : before;
    if (before != nullptr) before->larger = heir != nullptr ? heir : after;
  }

  Links heads_[kCount] = {};
  std::uint64_t marks_[kCount / 64] = {};
  std::size_t chunks_ = 0;
  std::size_t arena_ = 0;
};

}  // namespace alloc8::heaps::multiarena
