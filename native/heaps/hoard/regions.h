// Where superblocks and large blocks come from: slices of regions, behind one lock. A free slice keeps its memory for a
// while, because the next one to be handed out is wanted with memory; what was not wanted for one to two ticks of the
// clock is given back to the system. A tick comes only when slices come and go, so an idle process keeps what it has.

#pragma once

#include <cstddef>
#include <cstdint>

#include "alloc8/alloc8.h"
#include "heaps/hoard/superblock.h"
#include "heaps/hoard/tunables.h"
#include "platform/platform.h"

namespace alloc8::heaps::hoard {

class Regions {
 public:
  constexpr Regions() = default;

  // A run of slices; null where there is no memory. *clean says how many of them had none behind them. The lock is
  // held, as for all that follow.
  Superblock* take(unsigned slices, const Tunables& tunables, unsigned* clean) {
    tick(tunables);
    Run run{};
    Region* region = find(slices, &run);
    if (region == nullptr) {
      region = newRegion(slices, tunables);
      if (region == nullptr) return nullptr;
      run = region->free.bestFit(slices);
    }
    *clean = claim(region, run);
    Superblock* superblock = region->at(run.first);
    superblock->slices = static_cast<std::uint16_t>(slices);
    return superblock;
  }

  void give(Superblock* superblock, const Tunables& tunables) {
    superblock->kind = Kind::none;
    superblock->owner.store(nullptr, std::memory_order_relaxed);
    leave(Region::of(superblock), {Region::sliceOf(superblock->begin()), superblock->slices});
    tick(tunables);
  }

  // Makes a large block one of more or fewer slices where it stands; false where that cannot be.
  bool resize(Superblock* superblock, unsigned slices, const Tunables& tunables) {
    Region* region = Region::of(superblock);
    const unsigned first = Region::sliceOf(superblock->begin());
    const unsigned old = superblock->slices;
    if (slices > old) {
      const Run more{first + old, slices - old};
      if (first + slices > kSlices || region->free.count(more) != more.count) return false;
      claim(region, more);
    } else if (slices < old) {
      leave(region, {first + slices, old - slices});
    }
    tick(tunables);
    superblock->slices = static_cast<std::uint16_t>(slices);
    return true;
  }

  // Gives memory of free slices back until at most `most` slices with memory are left.
  void shed(std::size_t most) {
    for (std::size_t i = 0; i < count_ && dirtySlices_ > most; ++i)
      purge(tables_.regions[i], tables_.regions[i]->dirty);
  }

  // Gives the memory of free slices back until at most `keep` bytes of it are left, and regions of which nothing is in
  // use; bytes given back.
  std::size_t trim(std::size_t keep) {
    const std::size_t before = dirtySlices_;
    eachRegion([this, keep](Region* region) {
      if (dirtySlices_ * kSliceBytes <= keep) return;
      purge(region, region->dirty);
      if (isEmpty(region)) unmap(region);
    });
    return (before - dirtySlices_) * kSliceBytes;
  }

  // Regions without anything in use go back altogether: for when addresses are short.
  void unmapEmpty() {
    eachRegion([this](Region* region) {
      if (isEmpty(region)) unmap(region);
    });
  }

  // Calls visit(region) for each, which may give it back.
  template <class Visit>
  void eachRegion(Visit visit) {
    for (std::size_t i = count_; i > 0; --i) visit(tables_.regions[i - 1]);
  }

  std::size_t heldBytes() const { return heldSlices_ * kSliceBytes; }
  std::size_t dirtyBytes() const { return dirtySlices_ * kSliceBytes; }

  // How often the clock has ticked.
  std::uint64_t ticks() const { return ticks_; }

 private:
  static constexpr unsigned kLooks = 32;  // times of taking and giving for each look at the clock
  static constexpr unsigned kShort = 8;   // slices of a region where addresses are short

  // The slices of a region that may be handed out: the first holds the descriptors.
  static unsigned slicesOf(const Region* region) {
    return static_cast<unsigned>(region->mappedBytes >> kSliceBits) - 1;
  }
  static bool isEmpty(const Region* region) { return region->free.count() == slicesOf(region); }

  // Free slices become somebody's; how many of them had no memory.
  unsigned claim(Region* region, Run run) {
    const unsigned dirty = region->dirty.count(run);
    dirtySlices_ -= dirty;
    heldSlices_ += run.count - dirty;
    region->free.remove(run);
    region->dirty.remove(run);
    region->old.remove(run);
    return run.count - dirty;
  }

  void leave(Region* region, Run run) {
    region->free.add(run);
    region->dirty.add(run);
    tables_.longest[region->index] = tables_.longestDirty[region->index] = kSlices - 1;
    lately_ = region->index;
    dirtySlices_ += run.count;
  }

  // Memory that is there already comes before memory that would have to be faulted in.
  Region* find(unsigned slices, Run* run) {
    Region* region = nullptr;
    if (dirtySlices_ >= slices) {
      region = findIn(tables_.longestDirty, slices, run, [](Region* each) { return &each->dirty; });
    }
    return region != nullptr ? region : findIn(tables_.longest, slices, run, [](Region* each) { return &each->free; });
  }

  // The tables say of each region what no run in it exceeds: a byte for each, so that those that are full cost little
  // to pass. What was given back last is looked at first.
  template <class SetOf>
  Region* findIn(std::uint8_t* longest, unsigned slices, Run* run, SetOf setOf) {
    const auto fits = [&](std::size_t i) {
      if (longest[i] < slices) return false;
      if ((*run = setOf(tables_.regions[i])->bestFit(slices)).count != 0) return true;
      longest[i] = static_cast<std::uint8_t>(slices - 1);
      return false;
    };
    if (lately_ < count_ && fits(lately_)) return tables_.regions[lately_];
    for (std::size_t i = 0; i < count_; ++i) {
      if (fits(i)) return tables_.regions[i];
    }
    return nullptr;
  }

  // Where addresses are too short for a whole region, one of which only the first slices are there.
  Region* newRegion(unsigned slices, const Tunables& tunables) {
    if (count_ == kMostRegions) return nullptr;
    std::size_t bytes = kRegionBytes;
    void* memory = pages::map(bytes, kRegionBytes);
    if (memory == nullptr) {
      unmapEmpty();
      bytes = (slices < kShort ? kShort : slices + 1) * kSliceBytes;
      memory = pages::map(bytes, kRegionBytes);
    }
    if (memory == nullptr) return nullptr;
    // A small heap would be made large by huge pages; of a large one the system decides, or the user. Before anything
    // is written there.
    if (count_ < kSmallHeap) {
      platform::preferHugePages(memory, bytes, false);
    } else if (tunables.hugePages()) {
      platform::preferHugePages(memory, bytes, true);
    }
    if (!RegionMap::add(memory)) return pages::unmap(memory, bytes), nullptr;
    auto* region = static_cast<Region*>(memory);  // all zero, as the kernel gave it: to construct it would touch it
    region->mappedBytes = bytes;
    region->free.add({1, slicesOf(region)});
    region->index = static_cast<std::uint32_t>(count_);
    tables_.longest[count_] = kSlices - 1;
    tables_.longestDirty[count_] = 0;
    tables_.regions[count_++] = region;
    return region;
  }

  void unmap(Region* region) {
    const std::uint32_t index = region->index;
    Region* last = tables_.regions[--count_];
    tables_.regions[index] = last;
    last->index = index;
    tables_.longest[index] = tables_.longest[count_];
    tables_.longestDirty[index] = tables_.longestDirty[count_];
    const unsigned dirty = region->dirty.count();
    dirtySlices_ -= dirty;
    heldSlices_ -= dirty;
    RegionMap::remove(region);
    pages::unmap(region, region->mappedBytes);
  }

  // Gives the memory behind these free slices back.
  void purge(Region* region, SliceSet which) {
    for (Run run = which.next(0); run.count != 0; run = which.next(run.first + run.count)) {
      region->dirty.remove(run);
      region->old.remove(run);
      dirtySlices_ -= run.count;
      heldSlices_ -= run.count;
      pages::purge(reinterpret_cast<char*>(region) + run.first * kSliceBytes, run.count * kSliceBytes);
    }
  }

  void tick(const Tunables& tunables) {
    if (++calls_ % kLooks != 0) return;
    const std::uint64_t now = platform::monotonicNs();
    const std::uint64_t period = tunables.purgeNs();
    if (now - lastTick_ < period) return;
    lastTick_ = now;
    ++ticks_;
    eachRegion([this](Region* region) {
      purge(region, region->old);
      region->old = region->dirty;
      if (isEmpty(region) && region->dirty.empty()) unmap(region);
    });
  }

  static constexpr std::size_t kSmallHeap = 2;  // regions; a heap of more may have huge pages

  static constexpr std::size_t kMostRegions = std::size_t{1} << 18;  // four terabytes

  // Of all zeroes and so no part of the library's file, as they would be in an object that has a value.
  struct Tables {
    Region* regions[kMostRegions];
    std::uint8_t longest[kMostRegions];       // no run of free slices is longer
    std::uint8_t longestDirty[kMostRegions];  // nor one of dirty ones
  };
  static inline Tables tables_;

  std::size_t count_ = 0;
  std::size_t lately_ = 0;       // the region of the slices that were given back last
  std::size_t dirtySlices_ = 0;  // free ones with memory
  std::size_t heldSlices_ = 0;   // those in use, and those
  std::uint64_t lastTick_ = 0;
  std::uint64_t ticks_ = 0;
  unsigned calls_ = 0;
};

}  // namespace alloc8::heaps::hoard
