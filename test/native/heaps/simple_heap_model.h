// What the simple heap's statistics must be, worked out from outside: from the addresses that it hands out and from its
// rules (spans of 256 KiB, the last span of a class stays, empty ones are kept for reuse). The model knows the sizes of
// the design and nothing of the code.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

#include "alloc8/pages.h"
#include "alloc8/size_classes.h"
#include "alloc8/stats.h"
#include "check.h"

namespace alloc8::check {

inline constexpr std::size_t kSpanBytes = std::size_t{256} << 10;
inline constexpr std::size_t kHeaderBytes = 128;
inline constexpr std::size_t kMaxSmall = std::size_t{32} << 10;

class SimpleHeapModel {
 public:
  // A block of `size` bytes at a multiple of `alignment` was handed out; 0 for malloc, which asks for none.
  void handedOut(void* p, std::size_t size, std::size_t alignment = 0) {
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    CHECK(p != nullptr);
    CHECK_EQUAL(address % (alignment < 16 ? 16 : alignment), 0);
    const bool small = alignment == 0 ? size <= kMaxSmall : alignment < kMaxSmall && size <= kMaxSmall - alignment;
    if (!small) return handedOutLarge(address, size, alignment);
    const std::size_t sizeClass = sizeClassOf(alignment == 0 ? size : size + alignment - 1);
    Span& span = spanFor(address / kSpanBytes * kSpanBytes, sizeClass);
    const std::size_t first = address / kSpanBytes * kSpanBytes + kHeaderBytes;
    const std::size_t index = (address - first) / span.blockBytes;
    CHECK(index < span.capacity());
    CHECK(span.live.insert(index).second);  // nobody else has it
    if (!span.touched.insert(index).second) --stats_.freeBlocks;
    blocks_[address] = {&span, index, first + (index + 1) * span.blockBytes - address, 0};
    handedOutBytes(span.blockBytes);
  }

  void takenBack(void* p) {
    const auto at = blocks_.find(reinterpret_cast<std::uintptr_t>(p));
    CHECK(at != blocks_.end());
    const Block block = at->second;
    blocks_.erase(at);
    --stats_.liveBlocks;
    if (block.span == nullptr) return takenBackLarge(block);
    Span& span = *block.span;
    stats_.liveBytes -= span.blockBytes;
    span.live.erase(block.index);
    ++stats_.freeBlocks;
    if (!span.live.empty() || partialSpans(span.sizeClass) == 1) return;
    stats_.freeBlocks -= span.touched.size();
    stats_.releasableBytes += kSpanBytes;
    retired_.insert(span.start);
    spans_.erase(span.start);
  }

  // trim(keep) was called and gave so many bytes back.
  void trimmed(std::size_t keep, std::size_t released) {
    const std::size_t kept = keep / kSpanBytes * kSpanBytes;
    const std::size_t expected = stats_.releasableBytes > kept ? stats_.releasableBytes - kept : 0;
    CHECK_EQUAL(released, expected);
    stats_.releasableBytes -= released;
    stats_.systemBytes -= released;
    if (stats_.releasableBytes == 0) retired_.clear();
    retiredUnknown_ = stats_.releasableBytes != 0;  // which ones went does not matter
  }

  std::size_t usable(void* p) const { return blocks_.at(reinterpret_cast<std::uintptr_t>(p)).usable; }

  void agreesWith(const HeapStats& got) const {
    CHECK_EQUAL(got.liveBlocks, stats_.liveBlocks);
    CHECK_EQUAL(got.liveBytes, stats_.liveBytes);
    CHECK_EQUAL(got.freeBlocks, stats_.freeBlocks);
    CHECK_EQUAL(got.systemBytes, stats_.systemBytes);
    CHECK_EQUAL(got.peakSystemBytes, stats_.peakSystemBytes);
    CHECK_EQUAL(got.largeBlocks, stats_.largeBlocks);
    CHECK_EQUAL(got.largeBytes, stats_.largeBytes);
    CHECK_EQUAL(got.largeLiveBytes, stats_.largeLiveBytes);
    CHECK_EQUAL(got.releasableBytes, stats_.releasableBytes);
  }

 private:
  struct Span {
    std::uintptr_t start;
    std::size_t sizeClass;
    std::size_t blockBytes;
    std::set<std::size_t> live;
    std::set<std::size_t> touched;
    std::size_t capacity() const { return (kSpanBytes - kHeaderBytes) / blockBytes; }
  };
  struct Block {
    Span* span;  // null for a large block
    std::size_t index;
    std::size_t usable;
    std::size_t mapping;
  };

  std::size_t partialSpans(std::size_t sizeClass) const {
    std::size_t count = 0;
    for (const auto& [start, span] : spans_) {
      if (span.sizeClass == sizeClass && span.live.size() < span.capacity()) ++count;
    }
    return count;
  }

  // The span at that address; a new one only where no span of the class has room, and an empty one first.
  Span& spanFor(std::uintptr_t start, std::size_t sizeClass) {
    if (const auto known = spans_.find(start); known != spans_.end()) {
      CHECK_EQUAL(known->second.sizeClass, sizeClass);
      return known->second;
    }
    CHECK_EQUAL(partialSpans(sizeClass), 0);
    if (stats_.releasableBytes != 0) {
      CHECK(retired_.erase(start) == 1 || retiredUnknown_);
      stats_.releasableBytes -= kSpanBytes;
    } else {
      mapped(kSpanBytes);
    }
    return spans_[start] = {start, sizeClass, sizeClassBytes(sizeClass), {}, {}};
  }

  void handedOutLarge(std::uintptr_t address, std::size_t size, std::size_t alignment) {
    const std::size_t page = pages::size();
    const std::size_t before = alignment < kHeaderBytes ? kHeaderBytes : alignment;
    const std::size_t mapping = (before + (size == 0 ? 1 : size) + page - 1) / page * page;
    blocks_[address] = {nullptr, 0, mapping - before, mapping};
    mapped(mapping);
    handedOutBytes(mapping - before);
    ++stats_.largeBlocks;
    stats_.largeBytes += mapping;
    stats_.largeLiveBytes += mapping - before;
  }

  void takenBackLarge(const Block& block) {
    stats_.systemBytes -= block.mapping;
    stats_.liveBytes -= block.usable;
    --stats_.largeBlocks;
    stats_.largeBytes -= block.mapping;
    stats_.largeLiveBytes -= block.usable;
  }

  void handedOutBytes(std::size_t bytes) {
    ++stats_.liveBlocks;
    stats_.liveBytes += bytes;
  }

  void mapped(std::size_t bytes) {
    stats_.systemBytes += bytes;
    if (stats_.systemBytes > stats_.peakSystemBytes) stats_.peakSystemBytes = stats_.systemBytes;
  }

  std::map<std::uintptr_t, Span> spans_;
  std::map<std::uintptr_t, Block> blocks_;
  std::set<std::uintptr_t> retired_;
  bool retiredUnknown_ = false;
  HeapStats stats_;
};

}  // namespace alloc8::check
