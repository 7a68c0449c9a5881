// Huge blocks: above half a region each has a mapping of its own, which begins where a region would, with descriptors
// in front like one. A block that is at a multiple of a region's size itself stands in the region behind. realloc moves
// pages and not bytes. What was freed last is kept for a while: programs that free such blocks want them again.

#pragma once

#include <cstddef>
#include <cstdint>

#include "alloc8/alloc8.h"
#include "base/list.h"
#include "heaps/hoard/superblock.h"
#include "platform/platform.h"

namespace alloc8::heaps::hoard {

// The header of a huge block, null where p is none. p is the beginning of a block in a region of ours, or at a multiple
// of a region's size.
inline Region* hugeOf(const void* p) {
  Region* region = Region::of(p);
  if (region == p) {
    region = reinterpret_cast<Region*>(reinterpret_cast<std::uintptr_t>(region) - kRegionBytes);
    return RegionMap::has(region) && region->beyond ? region : nullptr;
  }
  return region->mapping != nullptr ? region : nullptr;
}

// All under one lock, which callers hold.
class HugeBlocks {
 public:
  constexpr HugeBlocks() = default;

  // A block of `bytes` at a multiple of `alignment`; null where there is no memory.
  void* take(std::size_t bytes, std::size_t alignment, bool* zeroed) {
    if (bytes == 0) bytes = 1;  // the block's address is to be its own
    const bool beyond = alignment >= kRegionBytes;
    const std::size_t front = beyond ? alignment : alignment > kSliceBytes ? alignment : kSliceBytes;
    const std::size_t whole = (front + bytes + pages::size() - 1) & ~(pages::size() - 1);
    *zeroed = false;
    Region* region = front == kSliceBytes ? cached(whole) : nullptr;
    if (region == nullptr) {
      *zeroed = true;
      region = make(whole, front, beyond);
      if (region == nullptr) return nullptr;
    }
    heldBytes_ += region->mappedBytes;
    liveBytes_ += usableBytes(region);
    ++blocks_;
    return blockOf(region);
  }

  void give(Region* region, std::size_t mostCached) {
    heldBytes_ -= region->mappedBytes;
    liveBytes_ -= usableBytes(region);
    --blocks_;
    if (region->beyond || frontOf(region) != kSliceBytes || region->mappedBytes > mostCached / 2) return unmap(region);
    while (cachedBytes_ + region->mappedBytes > mostCached) drop();
    cache_.pushFront(region);
    cachedBytes_ += region->mappedBytes;
    region->kept = false;
  }

  // The block with `bytes`, where it stands or elsewhere with its pages; null where the system cannot, and then it is
  // as it was.
  void* resize(Region* region, std::size_t bytes) {
    if (region->beyond || frontOf(region) != kSliceBytes) return nullptr;
    const std::size_t whole = (kSliceBytes + bytes + pages::size() - 1) & ~(pages::size() - 1);
    const std::size_t old = region->mappedBytes;
    if (whole < old) {
      pages::unmap(reinterpret_cast<char*>(region) + whole, old - whole);
    } else if (whole > old && !platform::growPages(region, old, whole)) {
      void* target = pages::reserve(whole, kRegionBytes);
      if (target == nullptr) return nullptr;
      RegionMap::remove(region);
      if (!RegionMap::add(target) || !platform::movePages(region, old, target, whole)) {
        RegionMap::remove(target);
        RegionMap::add(region);
        pages::unmap(target, whole);
        return nullptr;
      }
      region = static_cast<Region*>(target);
      region->mapping = static_cast<char*>(target);
    }
    region->mappedBytes = whole;
    heldBytes_ += whole - old;
    liveBytes_ += whole - old;
    return blockOf(region);
  }

  // Gives up what is kept and was kept at the last tick too.
  void tick() {
    for (Region* region = cache_.front(); region != nullptr;) {
      Region* next = Cache::after(region);
      if (region->kept) {
        unlink(region);
        unmap(region);
      } else {
        region->kept = true;
      }
      region = next;
    }
  }

  // Gives up all that is kept, down to `keep` bytes; bytes given back.
  std::size_t trim(std::size_t keep) {
    const std::size_t before = cachedBytes_;
    while (cachedBytes_ > keep) drop();
    return before - cachedBytes_;
  }

  // Where a block begins.
  static char* blockOf(const Region* region) {
    auto* start = reinterpret_cast<char*>(const_cast<Region*>(region));
    return start + (region->beyond ? kRegionBytes : std::size_t{region->front} << kSliceBits);
  }
  static std::size_t usableBytes(const Region* region) { return region->mappedBytes - frontOf(region); }

  std::size_t blocks() const { return blocks_; }
  std::size_t heldBytes() const { return heldBytes_; }
  std::size_t liveBytes() const { return liveBytes_; }
  std::size_t cachedBytes() const { return cachedBytes_; }

 private:
  using Cache = base::Queue<Region, &Region::next, &Region::previous>;

  static std::size_t frontOf(const Region* region) {
    return static_cast<std::size_t>(blockOf(region) - region->mapping);
  }

  static Region* make(std::size_t whole, std::size_t front, bool beyond) {
    auto* mapping = static_cast<char*>(pages::map(whole, beyond ? front : kRegionBytes));
    if (mapping == nullptr) return nullptr;
    char* at = beyond ? mapping + front - kRegionBytes : mapping;
    if (!RegionMap::add(at)) return pages::unmap(mapping, whole), nullptr;
    auto* region = reinterpret_cast<Region*>(at);  // all zero, as the kernel gave it
    region->mapping = mapping;
    region->mappedBytes = whole;
    region->beyond = beyond;
    region->front = static_cast<std::uint16_t>(beyond ? 0 : front >> kSliceBits);
    if (!beyond) region->at(static_cast<unsigned>(front >> kSliceBits))->kind = Kind::huge;
    return region;
  }

  // One that was kept, with room and little waste.
  Region* cached(std::size_t whole) {
    for (Region* region = cache_.front(); region != nullptr; region = Cache::after(region)) {
      if (region->mappedBytes >= whole && region->mappedBytes - whole <= whole / 4) {
        unlink(region);
        return region;
      }
    }
    return nullptr;
  }

  void unlink(Region* region) {
    cache_.remove(region);
    cachedBytes_ -= region->mappedBytes;
  }

  void drop() {
    Region* region = cache_.back();
    unlink(region);
    unmap(region);
  }

  static void unmap(Region* region) {
    RegionMap::remove(region);
    pages::unmap(region->mapping, region->mappedBytes);
  }

  Cache cache_;  // the newest first
  std::size_t cachedBytes_ = 0;
  std::size_t heldBytes_ = 0;
  std::size_t liveBytes_ = 0;
  std::size_t blocks_ = 0;
};

}  // namespace alloc8::heaps::hoard
