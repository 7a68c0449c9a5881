// A heap in Hoard's sense: the superblocks of one thread, or of one shard of what all threads share. Its guard is held
// for whatever is slow; the short ways through malloc and free are the thread's alone and need none.
//
// In front stand the thread's buffers: for each class a list of blocks that malloc takes from and free puts onto, until
// it is full; then blocks go straight to their superblocks. An empty buffer takes all that came back to a superblock at
// once, or has a page's worth carved.
//
// Of a heap that holds a bytes (carved ones: what was never touched costs nothing) with u in use,
//     u >= a - slack  or  u >= (1 - emptyFraction) * a
// holds whenever a block has gone back to a superblock. Where it would not, a superblock that is hardly used goes on
// (Berger and others, ASPLOS 2000; there a counts whole superblocks).

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/list.h"
#include "heaps/hoard/hollow.h"
#include "heaps/hoard/returns.h"
#include "heaps/hoard/superblock.h"
#include "heaps/hoard/tunables.h"

namespace alloc8::heaps::hoard {

using AllQueue = base::Queue<Superblock, &Superblock::nextOfAll, &Superblock::previousOfAll>;
using RoomQueue = base::Queue<Superblock, &Superblock::next, &Superblock::previous>;
using SparseQueue = base::Queue<Superblock, &Superblock::nextSparse, &Superblock::previousSparse>;

class Heap {
 public:
  constexpr Heap() = default;

  void limit(const HeapLimits& limits) {
    slack_ = static_cast<std::int64_t>(limits.slackBytes);
    emptyPercent_ = limits.emptyPercent;
    for (std::size_t c = 0; c < kClasses; ++c) {
      const std::size_t blocks = limits.bufferBytes / sizeClassBytes(c);
      bins_[c].limit = static_cast<std::int32_t>(blocks < kMostBuffered ? blocks : kMostBuffered);
    }
  }

  // A block of the class from its buffer; null where that is empty.
  ALLOC8_ALWAYS_INLINE void* take(std::size_t sizeClass) {
    Bin& bin = bins_[sizeClass];
    Block* block = bin.head;
    if (ALLOC8_UNLIKELY(block == nullptr)) return nullptr;
    bin.head = block->next;
    --bin.count;
    return block;
  }

  // Takes a block of one of this heap's superblocks back. False where the superblock should be looked at: settle it.
  ALLOC8_ALWAYS_INLINE bool put(Superblock* superblock, void* p) {
    Bin& bin = bins_[superblock->sizeClass];
    auto* block = static_cast<Block*>(p);
    if (ALLOC8_LIKELY(bin.count < bin.limit)) {
      block->next = bin.head;
      bin.head = block;
      ++bin.count;
      return true;
    }
    return putHome(superblock, block);
  }

  // The superblock's count comes last: with it, the superblock may be another thread's (yieldReturned).
  ALLOC8_ALWAYS_INLINE bool putHome(Superblock* superblock, Block* block) {
    const std::uint32_t alarm = superblock->alarm;
    used_ -= superblock->blockBytes;
    block->next = superblock->free;
    superblock->free = block;
    const std::uint32_t used = superblock->used - 1;
    __atomic_store_n(&superblock->used, used, __ATOMIC_RELEASE);
    return !(used <= alarm || used_ < floor_);
  }

  // Takes back what others freed, and calls settle(superblock) for each that is to be looked at then. What has moved to
  // another heap meanwhile is sent after.
  template <class Settle>
  ALLOC8_ALWAYS_INLINE void collect(Settle settle) {
    if (ALLOC8_LIKELY(!notices.any())) return;
    Superblock* superblock = notices.takeAll();
    while (superblock != nullptr) {
      Superblock* next = superblock->nextNotice;
      if (Heap* owner = superblock->owner.load(std::memory_order_acquire); owner != this) {
        owner->notices.push(superblock);
      } else if (drain(superblock)) {
        settle(superblock);
      }
      superblock = next;
    }
  }

  // The superblocks of which others have given back every block that was in use, out of this heap, by a thread that is
  // not the heap's: the heap's own may be at a block of any other superblock meanwhile. take(superblock) for each.
  template <class Take>
  void yieldReturned(Take take) {
    Superblock* superblock = notices.takeAll();
    while (superblock != nullptr) {
      Superblock* next = superblock->nextNotice;
      Heap* owner = superblock->owner.load(std::memory_order_acquire);
      const std::uint32_t returned = returnedTo(superblock->remote.load(std::memory_order_acquire)).count;
      if (owner == this && returned == __atomic_load_n(&superblock->used, __ATOMIC_ACQUIRE)) {
        superblock->remote.store(0, std::memory_order_relaxed);
        leaveLists(superblock);
        yieldedUsed_ += static_cast<std::int64_t>(superblock->usedBytes());
        yieldedHeld_ += static_cast<std::int64_t>(superblock->heldBytes());
        take(superblock);
      } else {
        owner->notices.push(superblock);
      }
      superblock = next;
    }
  }

  // What was yielded is not this heap's any more.
  void settleYielded() {
    if (ALLOC8_LIKELY(yieldedHeld_ == 0)) return;
    used_ -= yieldedUsed_;
    hold(-yieldedHeld_);
    yieldedUsed_ = yieldedHeld_ = 0;
  }

  // Fills the class's buffer, which is empty, from a superblock of this heap, and takes a block; null where none has
  // room.
  void* refill(std::size_t sizeClass) {
    Superblock* superblock = rooms_[sizeClass].front();
    if (superblock == nullptr) return nullptr;
    Bin& bin = bins_[sizeClass];
    if (superblock->free != nullptr) {
      takeAll(superblock, &bin);
    } else {
      Block* last = nullptr;
      Block* first = nullptr;
      const std::uint32_t count = carve(superblock, &first, &last);
      bin.head = first;
      bin.count = static_cast<std::int32_t>(count);
      superblock->used += count;
      used_ += static_cast<std::int64_t>(std::size_t{count} * superblock->blockBytes);
      settled(superblock);
    }
    return take(sizeClass);
  }

  // A block straight from a superblock with room, past the buffer: for shards, which have none.
  void* takeOne(Superblock* superblock) {
    Block* last = nullptr;
    if (superblock->free == nullptr) carve(superblock, &superblock->free, &last);
    Block* block = superblock->free;
    superblock->free = block->next;
    ++superblock->used;
    used_ += superblock->blockBytes;
    settled(superblock);
    return block;
  }

  // Puts a superblock into the lists where it belongs now.
  void settled(Superblock* superblock) {
    superblock->hasRoom() ? list(superblock) : unlist(superblock);
    const std::uint32_t few = fewOf(superblock);
    if (superblock->used <= few && superblock->carved != 0) {
      if (!superblock->sparse || superblock->used == 0) markSparse(superblock);
      superblock->alarm = 0;
    } else {
      unmarkSparse(superblock);
      superblock->alarm = superblock->listed ? few : Superblock::kAlways;
    }
  }

  // Gives the memory back of pages of the superblock's that hold no block in use.
  void hollowOut(Superblock* superblock) {
    const std::size_t before = superblock->heldBytes();
    hoard::hollowOut(superblock);
    hold(static_cast<std::int64_t>(superblock->heldBytes()) - static_cast<std::int64_t>(before));
    settled(superblock);
  }

  // Hollows out what is sparse and was not hollowed out before, or is used much less since.
  void hollowOutSparse() {
    for (Superblock* each = sparse_.front(); each != nullptr;) {
      Superblock* next = SparseQueue::after(each);
      if (each->used < each->hollowedAt - each->hollowedAt / 4 && worthHollowing(each)) hollowOut(each);
      each = next;
    }
  }

  // A superblock that should go on, to keep the invariant; null where it holds.
  Superblock* surplus() const { return used_ < floor_ ? sparse_.front() : nullptr; }

  // One that is empty, where there is one.
  Superblock* empty() const {
    return sparse_.front() != nullptr && sparse_.front()->used == 0 ? sparse_.front() : nullptr;
  }

  // Whether there are more empty ones than so many.
  bool emptiesBeyond(std::size_t few) const {
    const Superblock* each = sparse_.front();
    for (; few != 0 && each != nullptr && each->used == 0; each = SparseQueue::after(each)) --few;
    return few == 0 && each != nullptr && each->used == 0;
  }

  // One of the class with room.
  Superblock* roomOf(std::size_t sizeClass) const { return rooms_[sizeClass].front(); }

  // The superblock comes to this heap. Its blocks are counted here from now on.
  void adopt(Superblock* superblock) {
    all_.pushFront(superblock);
    used_ += static_cast<std::int64_t>(superblock->usedBytes());
    hold(static_cast<std::int64_t>(superblock->heldBytes()));
    superblock->owner.store(this, std::memory_order_release);
    settled(superblock);
  }

  // The superblock leaves this heap, to be adopted by another or to be given back.
  void release(Superblock* superblock) {
    leaveLists(superblock);
    used_ -= static_cast<std::int64_t>(superblock->usedBytes());
    hold(-static_cast<std::int64_t>(superblock->heldBytes()));
  }

  // A block is given back by a thread that does not own the superblock. The heap to help where its thread seems to
  // sleep, else null.
  static Heap* giveBack(Superblock* superblock, Block* block) {
    // Read while the block keeps the superblock alive; that they may be out of date costs a look too few or in vain.
    const std::uint32_t used = usedNow(superblock);
    Heap* owner = superblock->owner.load(std::memory_order_acquire);
    const std::uint32_t returned = pushReturned(superblock, block);
    if (returned == 1) {
      superblock->lastRemote = block;
      superblock->owner.load(std::memory_order_acquire)->notices.push(superblock);
    }
    return returned == used && owner->notices.ripen() ? owner : nullptr;
  }

  // What the owner may be changing.
  static ALLOC8_NO_TSAN std::uint32_t usedNow(const Superblock* superblock) {
    return __atomic_load_n(&superblock->used, __ATOMIC_RELAXED);
  }

  // Everything in the buffers goes to its superblocks; settle(superblock) for those to be looked at then.
  template <class Settle>
  void flush(Settle settle) {
    for (Bin& bin : bins_) {
      Block* block = bin.head;
      bin.head = nullptr;
      bin.count = 0;
      while (block != nullptr) {
        Block* next = block->next;
        Superblock* superblock = superblockOf(block);
        if (superblock->owner.load(std::memory_order_relaxed) != this) {
          giveBack(superblock, block);
        } else if (!putHome(superblock, block)) {
          settle(superblock);
        }
        block = next;
      }
    }
  }

  Superblock* any() const { return all_.front(); }
  std::int64_t usedBytes() const { return used_; }
  std::int64_t heldBytes() const { return held_; }
  // Classes of which there is a superblock with room, a bit for each. Any thread may look.
  std::uint64_t classesWithRoom() const { return withRoom_.load(std::memory_order_relaxed); }

  Heap* nextFree = nullptr;  // of heaps whose threads have ended
  Heap* nextEver = nullptr;  // of all thread heaps
  unsigned shard = 0;
  Lock guard;  // of all but the buffers and what putHome changes, which are the thread's alone
  alignas(64) Notices notices;
  alignas(64) bool living = false;  // has a thread
  bool limited = false;             // has its tunables
  std::uint32_t generation = 0;     // of its thread: a forked child's is one higher than its parent's

 private:
  friend struct HeapCheck;

  struct Bin {
    Block* head = nullptr;
    std::int32_t count = 0;
    std::int32_t limit = 0;
  };

  static constexpr std::size_t kMostBuffered = 256;  // blocks
  static constexpr std::size_t kCarvedBytes = 4096;

  // Whether the superblock is to be looked at.
  bool drain(Superblock* superblock) {
    // Whoever pushes first onto an empty stack writes this down, so it is read while the stack is none.
    Block* last = superblock->lastRemote;
    const auto [first, count] = returnedTo(superblock->remote.exchange(0, std::memory_order_acq_rel));
    last->next = superblock->free;
    superblock->free = first;
    superblock->used -= count;
    used_ -= static_cast<std::int64_t>(std::size_t{count} * superblock->blockBytes);
    return superblock->used <= superblock->alarm || used_ < floor_;
  }

  void takeAll(Superblock* superblock, Bin* bin) {
    const std::uint32_t count = superblock->carved - superblock->used;
    bin->head = superblock->free;  // the buffer is empty
    bin->count = static_cast<std::int32_t>(count);
    superblock->free = nullptr;
    superblock->used = superblock->carved;
    used_ += static_cast<std::int64_t>(std::size_t{count} * superblock->blockBytes);
    settled(superblock);
  }

  // A page's worth of blocks that have no memory yet, or none any more, in the order of their addresses; how many.
  std::uint32_t carve(Superblock* superblock, Block** first, Block** last) {
    std::uint32_t begin = superblock->frontier;
    std::uint32_t count = superblock->capacity - begin;
    if (superblock->hollow != 0) {
      const HollowPage page = takeHollow(superblock);
      begin = page.first;
      count = page.count;
    } else {
      const auto page = static_cast<std::uint32_t>(kCarvedBytes / superblock->blockBytes);
      count = page == 0 ? 1 : page < count ? page : count;
      superblock->frontier = static_cast<std::uint16_t>(begin + count);
    }
    char* each = superblock->begin() + std::size_t{begin} * superblock->blockBytes;
    *first = reinterpret_cast<Block*>(each);
    for (std::uint32_t i = 1; i < count; ++i, each += superblock->blockBytes) {
      reinterpret_cast<Block*>(each)->next = reinterpret_cast<Block*>(each + superblock->blockBytes);
    }
    *last = reinterpret_cast<Block*>(each);
    (*last)->next = nullptr;
    superblock->carved += count;
    superblock->hollowedAt = UINT32_MAX;
    hold(static_cast<std::int64_t>(std::size_t{count} * superblock->blockBytes));
    return count;
  }

  void hold(std::int64_t more) {
    held_ += more;
    const std::int64_t bySlack = held_ - slack_;
    const std::int64_t byFraction = (held_ * (100 - static_cast<std::int64_t>(emptyPercent_)) + 99) / 100;
    floor_ = bySlack < byFraction ? bySlack : byFraction;
  }

  // With no more blocks in use than this a superblock has the empty fraction free.
  std::uint32_t fewOf(const Superblock* superblock) const { return superblock->carved * (100 - emptyPercent_) / 100; }

  void leaveLists(Superblock* superblock) {
    unlist(superblock);
    unmarkSparse(superblock);
    all_.remove(superblock);
  }

  // Behind the others: it may gather more blocks before it is its turn.
  void list(Superblock* superblock) {
    if (superblock->listed) return;
    rooms_[superblock->sizeClass].pushBack(superblock);
    superblock->listed = true;
    mark(superblock->sizeClass, true);
  }

  void unlist(Superblock* superblock) {
    if (!superblock->listed) return;
    RoomQueue& rooms = rooms_[superblock->sizeClass];
    rooms.remove(superblock);
    superblock->listed = false;
    if (rooms.front() == nullptr) mark(superblock->sizeClass, false);
  }

  void mark(std::size_t sizeClass, bool has) {
    const std::uint64_t bit = std::uint64_t{1} << sizeClass;
    const std::uint64_t now = withRoom_.load(std::memory_order_relaxed);
    withRoom_.store(has ? now | bit : now & ~bit, std::memory_order_relaxed);
  }

  void markSparse(Superblock* superblock) {
    unmarkSparse(superblock);
    sparse_.pushFront(superblock);
    superblock->sparse = true;
  }

  void unmarkSparse(Superblock* superblock) {
    if (!superblock->sparse) return;
    sparse_.remove(superblock);
    superblock->sparse = false;
  }

  Bin bins_[kClasses] = {};
  std::int64_t used_ = 0;   // bytes of blocks handed out
  std::int64_t floor_ = 0;  // no fewer than these, or a superblock goes on
  std::int64_t held_ = 0;   // bytes carved
  std::int64_t slack_ = 0;
  unsigned emptyPercent_ = 25;
  std::int64_t yieldedUsed_ = 0;  // of used_, what others have taken out
  std::int64_t yieldedHeld_ = 0;  // of held_
  SparseQueue sparse_;            // the emptiest first, roughly
  AllQueue all_;
  RoomQueue rooms_[kClasses];
  std::atomic<std::uint64_t> withRoom_{0};
};

}  // namespace alloc8::heaps::hoard
