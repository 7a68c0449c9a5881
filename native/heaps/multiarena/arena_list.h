// The arenas of the process, and which of them a thread gets. A thread keeps to the arena that it had last. Where that
// is locked it takes the next one that is free, and where all are locked a new one, up to a limit (Gloger, "ptmalloc").

#pragma once

#include <atomic>
#include <cstddef>
#include <new>

#include "alloc8/lock.h"
#include "heaps/multiarena/arena.h"
#include "heaps/multiarena/segment.h"
#include "heaps/multiarena/tunables.h"

namespace alloc8::heaps::multiarena {

class ArenaList {
 public:
  explicit constexpr ArenaList(Tunables* tunables) : tunables_(tunables) {}

  Arena* main() { return &main_; }
  Arena* first() { return &main_; }
  std::size_t count() const { return count_.load(std::memory_order_acquire); }

  // The arena that the calling thread had last; null for a new thread.
  static ALLOC8_ALWAYS_INLINE Arena* preferred() { return preferred_; }

  // An arena, locked: the preferred one or the next one that is free. It is the preferred one from now on.
  ALLOC8_NOINLINE Arena* lockOne() {
    Arena* from = preferred_;
    if (from == nullptr) {
      from = &main_;
      startMain();
    }
    Arena* arena = from;
    do {
      if (arena->tryLock()) return preferred_ = arena;
      arena = arena->next.load(std::memory_order_acquire);
      if (arena == nullptr) arena = &main_;
    } while (arena != from);
    arena = add();
    if (arena == nullptr) {
      arena = from;
      arena->lock();
    }
    return preferred_ = arena;
  }

  // Around a fork. Arenas are added under the list's lock only, so nobody adds one while all are locked.
  void lockAll() {
    adding_.lock();
    for (Arena* arena = &main_; arena != nullptr; arena = arena->next.load(std::memory_order_relaxed)) arena->lock();
  }
  void unlockAll() {
    for (Arena* arena = &main_; arena != nullptr; arena = arena->next.load(std::memory_order_relaxed)) arena->unlock();
    adding_.unlock();
  }
  void resetLocks() {
    for (Arena* arena = &main_; arena != nullptr; arena = arena->next.load(std::memory_order_relaxed)) {
      arena->resetLock();
    }
    ::new (static_cast<void*>(&adding_)) Lock();
    ::new (static_cast<void*>(&smallSegmentLock)) Lock();
  }

 private:
  // What a new arena's top has besides the pad.
  static constexpr std::size_t kFirstTop = 4096;

  // Gives the main arena its ground; where the system has none, that is tried again.
  void startMain() {
    tunables_->ensure();
    LockGuard guard(adding_);
    if (mainStarted_) return;
    Segment* home = makeHome(kSegmentHeader);
    if (home == nullptr) return;
    main_.lock();
    main_.startIn(home, kSegmentHeader);
    main_.unlock();
    mainStarted_ = true;
  }

  // A new arena, locked, at the end of the list; null where there are as many as there may be.
  ALLOC8_NOINLINE Arena* add() {
    tunables_->ensure();
    if (count() >= tunables_->arenaMax()) return nullptr;
    LockGuard guard(adding_);
    const std::size_t number = count();
    if (number >= tunables_->arenaMax() || !mainStarted_) return nullptr;
    constexpr std::size_t used = kSegmentHeader + roundUp(sizeof(Arena), kSegmentHeader);
    Segment* home = makeHome(used);
    if (home == nullptr) return nullptr;
    auto* arena = ::new (home->start() + kSegmentHeader) Arena(number, tunables_);
    arena->startIn(home, used);
    arena->lock();
    Arena* last = &main_;
    while (Arena* next = last->next.load(std::memory_order_relaxed)) last = next;
    last->next.store(arena, std::memory_order_release);
    count_.store(number + 1, std::memory_order_release);
    return arena;
  }

  Segment* makeHome(std::size_t used) {
    const std::size_t pad = tunables_->topPad();
    Segment* home = pad < Ground::kLargestChunk ? Segment::make(used + kFirstTop + pad) : nullptr;
    return home != nullptr ? home : Segment::make(used + kFirstTop);
  }

  static inline constinit thread_local Arena* preferred_ = nullptr;

  Tunables* tunables_;
  Arena main_{0, tunables_};
  std::atomic<std::size_t> count_{1};
  Lock adding_;
  bool mainStarted_ = false;  // under `adding_`: the arena itself may only be looked at under its own lock
};

}  // namespace alloc8::heaps::multiarena
