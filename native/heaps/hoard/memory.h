// Where heaps get slices and programs large and huge blocks: the regions and the huge blocks behind one lock, and the
// rule for how much may lie idle.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc8/alloc8.h"
#include "heaps/hoard/check.h"
#include "heaps/hoard/huge.h"
#include "heaps/hoard/regions.h"
#include "heaps/hoard/superblock.h"
#include "heaps/hoard/tunables.h"

namespace alloc8::heaps::hoard {

class Memory {
 public:
  constexpr Memory() = default;

  Tunables& tunables() { return tunables_; }

  // A slice without blocks; null where there is no memory.
  Superblock* slice() {
    LockGuard guard(lock_);
    unsigned clean = 0;
    Superblock* superblock = regions_.take(1, tunables_, &clean);
    if (superblock == nullptr && huge_.trim(0) != 0) superblock = regions_.take(1, tunables_, &clean);
    if (superblock != nullptr && clean != 0) grown(1);
    ticked();
    return superblock;
  }

  void give(Superblock* superblock) {
    LockGuard guard(lock_);
    regions_.give(superblock, tunables_);
    ticked();
  }

  // A block of more than kMaxSmall bytes, or at a multiple of more; null where there is no memory.
  void* large(std::size_t size, std::size_t alignment, bool zero) {
    bool zeroed = false;
    void* block =
        size > kMaxLarge || alignment > kSliceBytes ? hugeBlock(size, alignment, &zeroed) : largeBlock(size, &zeroed);
    if (block != nullptr && zero && !zeroed) std::memset(block, 0, size);
    return block;
  }

  void freeLarge(Superblock* superblock, const void* p) {
    if (superblock->kind == Kind::huge && HugeBlocks::blockOf(Region::of(p)) == p) return freeHuge(Region::of(p));
    if (ALLOC8_UNLIKELY(superblock->kind != Kind::large || superblock->begin() != p)) badFree(p);
    LockGuard guard(lock_);
    --largeBlocks_;
    largeSlices_ -= superblock->slices;
    regions_.give(superblock, tunables_);
    ticked();
  }

  void freeHuge(Region* region) {
    LockGuard guard(lock_);
    huge_.give(region, tunables_.hugeCache());
    ticked();
  }

  // A large block with another size where it stands, or a huge one anywhere; null where that cannot be. `huge` is null
  // for a large one.
  void* resize(Region* huge, Superblock* superblock, std::size_t size) {
    if (size > PTRDIFF_MAX / 2) return nullptr;
    LockGuard guard(lock_);
    void* block = nullptr;
    if (huge != nullptr) {
      const std::size_t old = HugeBlocks::usableBytes(huge);
      if (size <= kMaxLarge) return nullptr;
      if (size <= old && size >= old - old / 4) return HugeBlocks::blockOf(huge);
      block = huge_.resize(huge, size);
    } else if (size > kMaxSmall && size <= kMaxLarge) {
      const auto slices = static_cast<unsigned>((size + kSliceBytes - 1) >> kSliceBits);
      const unsigned old = superblock->slices;
      // Idle memory is not given back for this: a buffer that grows step by step would pay for it at each.
      if (!regions_.resize(superblock, slices, tunables_)) return nullptr;
      largeSlices_ += slices;
      largeSlices_ -= old;
      block = superblock->begin();
    }
    ticked();
    return block;
  }

  // Gives everything back that nobody uses; false where there was nothing.
  bool giveUpIdle() {
    LockGuard guard(lock_);
    const std::size_t released = regions_.dirtyBytes() + huge_.trim(0);
    regions_.unmapEmpty();
    return released != 0;
  }

  std::size_t trim(std::size_t keep) {
    LockGuard guard(lock_);
    const std::size_t released = huge_.trim(keep);
    return released + regions_.trim(keep > huge_.cachedBytes() ? keep - huge_.cachedBytes() : 0);
  }

  // Whether the heap has grown so much since this last answered true that idle memory should be looked for.
  bool grewMuch() {
    const std::size_t much = much_.load(std::memory_order_relaxed);
    if (ALLOC8_LIKELY(grown_.load(std::memory_order_relaxed) < much)) return false;
    return grown_.exchange(0, std::memory_order_relaxed) >= much;
  }

  HeapStats stats() {
    LockGuard guard(lock_);
    HeapStats stats;
    stats.largeBlocks = largeBlocks_ + huge_.blocks();
    stats.largeBytes = largeSlices_ * kSliceBytes + huge_.heldBytes();
    stats.largeLiveBytes = largeSlices_ * kSliceBytes + huge_.liveBytes();
    stats.systemBytes = heldBytes();
    stats.peakSystemBytes = peakBytes_;
    stats.liveBlocks = stats.largeBlocks;
    stats.liveBytes = stats.largeLiveBytes;
    regions_.eachRegion([&stats](Region* region) { count(region, &stats); });
    stats.releasableBytes = regions_.dirtyBytes() + huge_.cachedBytes();
    return stats;
  }

  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  static constexpr std::size_t kLeastMuch = 16;                    // slices
  static constexpr std::size_t kIdleBytes = std::size_t{1} << 20;  // that may always lie idle

  void* largeBlock(std::size_t size, bool* zeroed) {
    LockGuard guard(lock_);
    const auto slices = static_cast<unsigned>(size == 0 ? 1 : (size + kSliceBytes - 1) >> kSliceBits);
    unsigned clean = 0;
    Superblock* superblock = regions_.take(slices, tunables_, &clean);
    if (superblock == nullptr && huge_.trim(0) != 0) superblock = regions_.take(slices, tunables_, &clean);
    if (superblock != nullptr) {
      superblock->kind = Kind::large;
      ++largeBlocks_;
      largeSlices_ += slices;
      *zeroed = clean == slices;
      if (clean != 0) grown(clean);
    }
    ticked();
    return superblock != nullptr ? superblock->begin() : nullptr;
  }

  void* hugeBlock(std::size_t size, std::size_t alignment, bool* zeroed) {
    if (size > PTRDIFF_MAX / 2 || alignment > PTRDIFF_MAX / 2) return nullptr;
    LockGuard guard(lock_);
    void* block = huge_.take(size, alignment, zeroed);
    if (block == nullptr) {
      huge_.trim(0);
      regions_.unmapEmpty();
      block = huge_.take(size, alignment, zeroed);
    }
    if (block != nullptr && *zeroed) grown(size / kSliceBytes);
    ticked();
    return block;
  }

  // Memory that was not there is used now: what lies idle is given back down to a part of what is in use, so that the
  // heap holds hardly more than it does for the program.
  void grown(std::size_t slices) {
    grown_.fetch_add(slices, std::memory_order_relaxed);
    // A share of the heap, so that all looks together take no longer than a few for each superblock.
    const std::size_t share = regions_.heldBytes() / kSliceBytes / 32;
    much_.store(share > kLeastMuch ? share : kLeastMuch, std::memory_order_relaxed);
    const std::size_t idle = regions_.dirtyBytes() + huge_.cachedBytes();
    const std::size_t most = (heldBytes() - idle) / 100 * tunables_.idlePercent() + kIdleBytes;
    if (idle <= most) return;
    huge_.trim(most / 2);
    regions_.shed((most - huge_.cachedBytes()) / kSliceBytes);
  }

  std::size_t heldBytes() const { return regions_.heldBytes() + huge_.heldBytes() + huge_.cachedBytes(); }

  // To be called where slices or huge blocks have come or gone.
  void ticked() {
    const std::size_t held = heldBytes();
    if (held > peakBytes_) peakBytes_ = held;
    if (ALLOC8_LIKELY(ticks_ == regions_.ticks())) return;
    ticks_ = regions_.ticks();
    huge_.tick();
  }

  // Blocks of the superblocks in a region, as their owners have them at this moment.
  static ALLOC8_NO_TSAN void count(Region* region, HeapStats* stats) {
    for (unsigned slice = 1; slice < kSlices; ++slice) {
      const Superblock* each = region->at(slice);
      if (region->free.has(slice) || each->kind != Kind::small) continue;
      stats->liveBlocks += each->used;
      stats->liveBytes += each->usedBytes();
      stats->freeBlocks += each->carved - each->used;
    }
  }

  Lock lock_;
  Tunables tunables_;
  Regions regions_;
  HugeBlocks huge_;
  std::size_t peakBytes_ = 0;
  std::size_t largeBlocks_ = 0;
  std::size_t largeSlices_ = 0;
  std::uint64_t ticks_ = 0;
  std::atomic<std::size_t> grown_{0};  // slices that had no memory
  std::atomic<std::size_t> much_{kLeastMuch};
};

}  // namespace alloc8::heaps::hoard
