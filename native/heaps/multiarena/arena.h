// An arena: a lock, the chunks that were freed under it in fast bins and bins, and ground to carve new ones from. This
// file has the paths of malloc and free that most calls take and what they fall back on; arena_moves.h has the rest.
//
// All functions but those of the lock are to be called with the lock held.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "alloc8/lock.h"
#include "heaps/multiarena/bins.h"
#include "heaps/multiarena/chunk.h"
#include "heaps/multiarena/corruption.h"
#include "heaps/multiarena/fast_bins.h"
#include "heaps/multiarena/ground.h"
#include "heaps/multiarena/segment.h"
#include "heaps/multiarena/tunables.h"

namespace alloc8::heaps::multiarena {

class Arena {
 public:
  constexpr Arena() = default;
  constexpr Arena(std::size_t number, Tunables* tunables) : number_(number), tunables_(tunables) {}

  // --- the lock -----------------------------------------------------------------------------------------------------
  // A process with one thread does without atomic instructions, as libc's own malloc does.

  ALLOC8_ALWAYS_INLINE bool tryLock() { return platform::singleThreaded() ? lock_.tryLockAlone() : lock_.tryLock(); }
  ALLOC8_ALWAYS_INLINE void lock() {
    if (!platform::singleThreaded() || ALLOC8_UNLIKELY(!lock_.tryLockAlone())) lock_.lock();
  }
  ALLOC8_ALWAYS_INLINE void unlock() { platform::singleThreaded() ? lock_.unlockAlone() : lock_.unlock(); }
  // In the child of a fork: whoever held it is not there.
  void resetLock() { ::new (static_cast<void*>(&lock_)) Lock(); }

  // --- malloc -------------------------------------------------------------------------------------------------------

  // A chunk of that size from a fast bin; null when there is none, or the size is too large for one.
  ALLOC8_ALWAYS_INLINE Chunk* takeKept(std::size_t bytes) {
    if (bytes > FastBins::kLargest) return nullptr;
    Chunk* chunk = fast_.pop(bytes, number_);
    if (chunk != nullptr) countLive(bytes);
    return chunk;
  }

  // A chunk of at least `bytes`; null when the system has no more.
  Chunk* take(std::size_t bytes) {
    Chunk* chunk = find(bytes);
    if (chunk != nullptr) countLive(chunk->size());
    return chunk;
  }

  // The same, its payload at a multiple of `alignment`.
  Chunk* takeAligned(std::size_t bytes, std::size_t alignment);

  // Of the chunk that was taken last: what lies at or behind this address reads as zero.
  const char* freshFrom() const { return freshFrom_; }

  // --- free ---------------------------------------------------------------------------------------------------------

  // Puts a chunk into a fast bin, where it belongs there, nothing is wrong with it and not too much is kept already;
  // else false, and nothing changed.
  ALLOC8_ALWAYS_INLINE bool keep(const Segment* segment, Chunk* chunk) {
    const std::ptrdiff_t room = distance(chunk, segment->end);
    if (ALLOC8_UNLIKELY(room < kLeastRoom)) return false;
    const std::size_t bytes = sizeWordAt(chunk) & ~kPreviousInUse;
    // Flags that must not be there make it no multiple of 16, or too large.
    if (bytes > FastBins::kLargest || !sound(chunk, bytes, static_cast<std::size_t>(room))) return false;
    if (ALLOC8_UNLIKELY(fast_.bytes() >= keptLimit_)) return false;
    countDead(bytes);
    fast_.push(chunk, bytes);
    return true;
  }

  // Takes any chunk back: checks it, joins it with free neighbours, and gives memory back when much is free at the top.
  void release(Segment* segment, Chunk* chunk);

  // The size of a chunk that the program holds. Stops the process where something is wrong with it.
  enum class Purpose { free, use };  // what the program wants with it: the words say so
  ALLOC8_ALWAYS_INLINE std::size_t checkInUse(const Segment* segment, Chunk* chunk, Purpose purpose) const {
    const std::ptrdiff_t room = distance(chunk, segment->end);
    if (ALLOC8_LIKELY(room >= kLeastRoom)) {
      const std::size_t bytes = sizeWordAt(chunk) & ~kPreviousInUse;
      if (ALLOC8_LIKELY(sound(chunk, bytes, static_cast<std::size_t>(room)))) return bytes;
    }
    return examine(segment, chunk, purpose);
  }

  // --- the rest, in arena_moves.h -----------------------------------------------------------------------------------

  // Makes a chunk in use `bytes` large where it stands; false where it cannot grow there.
  bool resize(Segment* segment, Chunk* chunk, std::size_t bytes);
  // Gives back what is free beyond `keep` at the top, and the pages inside of free chunks; the bytes.
  std::size_t trim(std::size_t keep);
  // Gives back all memory and addresses that can be had without looking at every free chunk: for a system that has no
  // more.
  void giveBack();

  // --- for looking at it: statistics, the walk that checks it, the pictures -----------------------------------------

  std::size_t number() const { return number_; }
  bool started() const { return ground_.top() != nullptr; }
  const Ground& ground() const { return ground_; }
  const Bins& bins() const { return bins_; }
  const FastBins& fastBins() const { return fast_; }
  std::size_t liveBlocks() const { return liveBlocks_; }
  std::size_t liveBytes() const { return liveBytes_; }

  // --- for the list of arenas ---------------------------------------------------------------------------------------

  std::atomic<Arena*> next{nullptr};
  // The arena's ground starts with this segment, of which `used` bytes are taken.
  void startIn(Segment* home, std::size_t used) {
    bins_.start(number_);
    ground_.start(this, number_, home, used);
  }

 private:
  // The smallest distance from a chunk to the end of its segment: it and a fence.
  static constexpr std::ptrdiff_t kLeastRoom = kSmallestChunk + kGranule;
  // A free chunk of this size, or a top, is a reason to join the kept ones too, where they are as much, and to look
  // whether memory can go back.
  static constexpr std::size_t kTidyAbove = std::size_t{64} << 10;
  // Where so much is free below the top, not all small chunks are kept any more: they would stand in the way of memory
  // that could go back, however long nobody asks for much.
  static constexpr std::size_t kMuch = std::size_t{4} << 20;
  // So many unsorted chunks are looked at for one request.
  static constexpr int kMostUnsorted = 10'000;

  // From which size on the top is given back. Some way above what stays, or a program that frees and allocates there
  // would pay for it each time.
  std::size_t trimFrom() const {
    const std::size_t pad = tunables_->topPad();
    const std::size_t threshold = tunables_->trimThreshold();
    return threshold > pad + kTidyAbove ? threshold : pad + kTidyAbove;
  }

  ALLOC8_ALWAYS_INLINE void countLive(std::size_t bytes) {
    ++liveBlocks_;
    liveBytes_ += bytes;
  }
  ALLOC8_ALWAYS_INLINE void countDead(std::size_t bytes) {
    --liveBlocks_;
    liveBytes_ -= bytes;
  }

  // Whether a chunk `room` bytes in front of its segment's end may be one of `bytes` that is in use.
  static ALLOC8_ALWAYS_INLINE bool sound(Chunk* chunk, std::size_t bytes, std::size_t room) {
    if ((((reinterpret_cast<std::uintptr_t>(chunk) | bytes) & kFlags) != 0) | (bytes < kSmallestChunk) |
        (bytes > room - kGranule)) {
      return false;
    }
    const std::size_t next = chunk->behind(bytes)->sizeAndFlags;
    return ((next & (kPreviousInUse | kMapped)) == kPreviousInUse) &
           ((next & ~kFlags) - kGranule <= room - bytes - kGranule);
  }

  // What is wrong with a chunk that the program says it holds; null where nothing is.
  const char* fault(const Segment* segment, Chunk* chunk, Purpose purpose) const;
  // checkInUse for a chunk that did not look sound.
  std::size_t examine(const Segment* segment, Chunk* chunk, Purpose purpose) const;
  static bool inUse(const Segment* segment, Chunk* chunk);
  void checkFree(Chunk* chunk);
  Chunk* find(std::size_t bytes);
  Chunk* fromUnsorted(std::size_t bytes);
  Chunk* whole(Chunk* chunk, std::size_t bytes);
  Chunk* split(Chunk* chunk, std::size_t bytes);
  Chunk* fromTop(std::size_t bytes);
  bool grow(std::size_t bytes);
  std::size_t join(Segment* segment, Chunk* chunk);
  std::size_t joinHere(Segment* segment, Chunk* chunk);
  void joinKept();
  bool needsTidying() const;
  void tidy();
  bool mayKeep();

  Lock lock_;
  std::size_t number_ = 0;
  Tunables* tunables_ = nullptr;
  FastBins fast_;
  std::size_t keptLimit_ = kTidyAbove;  // of kept bytes; then it is looked whether to keep more
  std::size_t liveBlocks_ = 0;
  std::size_t liveBytes_ = 0;  // of whole chunks
  const char* freshFrom_ = nullptr;
  Chunk* lastRest_ = nullptr;  // what the last split left; only compared, never followed
  Ground ground_;
  Bins bins_;
};

}  // namespace alloc8::heaps::multiarena

#include "heaps/multiarena/arena_moves.h"
#include "heaps/multiarena/faults.h"
