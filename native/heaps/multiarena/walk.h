// Looks at a whole arena: says what is wrong with it, and draws it. For tests, which walk heaps under stress, and for
// the pictures in README.md. Nothing of the heap's library includes this.

#pragma once

#include <cstddef>
#include <string>

#include "heaps/multiarena/arena.h"

namespace alloc8::heaps::multiarena {

class Walk {
 public:
  // The arena is locked, or nobody else uses it.
  explicit Walk(const Arena& arena) : arena_(arena) {}

  // What is wrong, null where all holds: chunks follow one another without gaps, tags agree, no two free neighbours,
  // and what is free is in the right bin, which is sorted.
  const char* problem() {
    for (Segment* segment = arena_.ground().segments(); segment != nullptr; segment = segment->next) {
      if (const char* found = walkSegment(segment)) return found;
    }
    if (live_ != arena_.liveBlocks() || liveBytes_ != arena_.liveBytes())
      return "blocks in use are not what was counted";
    if (free_ != arena_.bins().chunks()) return "a free chunk is in no bin";
    const Ground& ground = arena_.ground();
    if (liveBytes_ + keptBytes_ + freeBytes_ + ground.topBytes() + ground.reservedForItself() != ground.bytes()) {
      return "the bytes of all chunks are not what came from the system";
    }
    if (const char* found = walkBins()) return found;
    return walkFastBins();
  }

  // A line for each chunk, by its distance from its segment's start, then what is in bins.
  std::string picture() {
    std::string out;
    const Ground& ground = arena_.ground();
    std::size_t segments = 0;
    for (Segment* segment = ground.segments(); segment != nullptr; segment = segment->next) ++segments;
    out += "arena " + std::to_string(arena_.number()) + ": " + std::to_string(segments) +
           (segments == 1 ? " segment, " : " segments, ") + std::to_string(ground.bytes()) + " bytes from the system\n";
    for (Segment* segment = ground.segments(); segment != nullptr; segment = segment->next) draw(segment, out);
    drawBins(out);
    return out;
  }

 private:
  static Chunk* fence(Chunk* chunk) { return chunk->isFence() ? chunk : nullptr; }

  const char* walkSegment(Segment* segment) {
    bool previousFree = false;
    std::size_t previousSize = 0;
    for (Chunk* chunk = segment->first;; chunk = chunk->behind(chunk->size())) {
      const std::size_t size = chunk->size();
      if (distance(chunk, segment->end) < static_cast<std::ptrdiff_t>(size) || size < kGranule) {
        return "a chunk reaches beyond its segment";
      }
      if (chunk->previousInUse() == previousFree) return "a chunk does not know whether the one in front is free";
      if (previousFree && chunk->previousSize != previousSize) return "a free chunk's size differs at its end";
      if (chunk == arena_.ground().top()) {
        return chunk->behind(size) == reinterpret_cast<Chunk*>(segment->end) ? nullptr : "the top has a wrong size";
      }
      if (fence(chunk) != nullptr) {
        return chunk->behind(size) == reinterpret_cast<Chunk*>(segment->end) ? nullptr : "a fence is not at the end";
      }
      if (size < kSmallestChunk || chunk->isMapped()) return "a chunk has a size or flags that none has";
      const bool isFree = !chunk->behind(size)->previousInUse();
      if (isFree && previousFree) return "two neighbours are free and were not joined";
      if (isFree && chunk->isKept()) return "a kept chunk counts as free";
      count(chunk, isFree);
      previousFree = isFree;
      previousSize = size;
    }
  }

  void count(const Chunk* chunk, bool isFree) {
    if (isFree) {
      ++free_;
      freeBytes_ += chunk->size();
    } else if (chunk->isKept()) {
      ++kept_;
      keptBytes_ += chunk->size();
    } else {
      ++live_;
      liveBytes_ += chunk->size();
    }
  }

  const char* walkBins() const {
    const Bins& bins = arena_.bins();
    std::size_t chunks = 0;
    for (std::size_t index = 0; index < Bins::kCount; ++index) {
      const Links* head = bins.head(index);
      if (index != Bins::kUnsorted && bins.isMarked(index) != (head->next != head)) return "a bin's mark is wrong";
      std::size_t last = 0;
      for (const Links* links = head->next; links != head; links = links->next) {
        if (links->next->previous != links) return "links of a bin do not lead back";
        Chunk* chunk = Chunk::ofLinks(const_cast<Links*>(links));
        const std::size_t size = chunk->size();
        if (chunk->behind(size)->previousInUse()) return "a chunk in a bin is in use";
        if (index != Bins::kUnsorted && Bins::indexOf(size) != index) return "a chunk is in another size's bin";
        if (index != Bins::kUnsorted && size < last) return "a bin is not sorted";
        last = size;
        ++chunks;
      }
    }
    return chunks == free_ ? nullptr : "a bin has chunks that no segment has";
  }

  const char* walkFastBins() const {
    std::size_t chunks = 0;
    for (std::size_t bytes = kSmallestChunk; bytes <= FastBins::kLargest; bytes += kGranule) {
      for (const Links* links = arena_.fastBins().head(bytes); links != nullptr; links = links->next) {
        if (!FastBins::intact(links, bytes)) return "a kept chunk is damaged";
        ++chunks;
      }
    }
    if (keptBytes_ != arena_.fastBins().bytes()) return "kept chunks are not what was counted";
    return chunks == kept_ ? nullptr : "a kept chunk is in no fast bin";
  }

  static std::string padded(const std::string& text, std::size_t width) {
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
  }

  static void line(std::string& out, std::ptrdiff_t at, std::size_t size, const std::string& what) {
    out += padded("+" + std::to_string(at), 10) + padded(std::to_string(size), 10) + "  " + what + "\n";
  }

  void draw(Segment* segment, std::string& out) const {
    const bool isHome = segment->next == nullptr;
    line(out, 0, static_cast<std::size_t>(distance(segment, segment->first)),
         isHome && arena_.number() != 0 ? "segment header, the arena itself" : "segment header");
    for (Chunk* chunk = segment->first;; chunk = chunk->behind(chunk->size())) {
      const std::ptrdiff_t at = distance(segment, chunk);
      const std::size_t size = chunk->size();
      if (chunk == arena_.ground().top()) return line(out, at, size, "top");
      if (chunk->isFence()) return line(out, at, size, "fence");
      const bool isFree = !chunk->behind(size)->previousInUse();
      const std::string usable = "in use, " + std::to_string(size - kOverhead) + " for the program";
      line(out, at, size, isFree ? "free" : chunk->isKept() ? "kept" : usable);
    }
  }

  template <class Next>
  void drawList(std::string& out, const std::string& name, const Links* first, const Links* end, Next next) const {
    out += "  " + name + ":";
    for (const Links* links = first; links != end; links = next(links)) {
      Chunk* chunk = Chunk::ofLinks(const_cast<Links*>(links));
      out += " +" + std::to_string(distance(Segment::of(chunk), chunk)) + " (" + std::to_string(chunk->size()) + ")";
    }
    out += "\n";
  }

  void drawBins(std::string& out) const {
    for (std::size_t bytes = kSmallestChunk; bytes <= FastBins::kLargest; bytes += kGranule) {
      const Links* head = arena_.fastBins().head(bytes);
      if (head == nullptr) continue;
      drawList(out, "fast bin " + std::to_string(bytes), head, nullptr, [](const Links* links) { return links->next; });
    }
    const Bins& bins = arena_.bins();
    for (std::size_t at = 0; at < Bins::kCount; ++at) {
      if (bins.head(at)->next == bins.head(at)) continue;
      const std::string name = at == Bins::kUnsorted               ? "unsorted bin"
                               : at < Bins::kSmallLimit / kGranule ? "small bin " + std::to_string(at * kGranule)
                                                                   : "large bin " + std::to_string(at);
      drawList(out, name, bins.head(at)->next, bins.head(at), [](const Links* links) { return links->next; });
    }
  }

  const Arena& arena_;
  std::size_t live_ = 0;
  std::size_t liveBytes_ = 0;
  std::size_t kept_ = 0;
  std::size_t keptBytes_ = 0;
  std::size_t free_ = 0;
  std::size_t freeBytes_ = 0;
};

}  // namespace alloc8::heaps::multiarena
