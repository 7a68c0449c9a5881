// Arena: blocks one behind the other in a range of addresses of its own, and an explicit life. Nothing is freed block
// by block; what was allocated since a mark goes at once (rollback), or all of it (reset), or the arena itself (close).
//
//   alloc8::Arena arena({.limitBytes = 1 << 30});
//   const auto mark = arena.mark();
//   void* p = arena.allocate(100);
//   arena.rollback(mark);
//
// The range is reserved at once and memory is put behind it as the offset grows, so that blocks never move and offset,
// capacity and limit are plain numbers. A pointer that is used too late is caught, not silent: the addresses of a
// closed arena stay reserved without memory, and with `fence` the pages that a rollback or a reset gives up are
// inaccessible until they are allocated again. Programs link the page contract alone (ALLOC8_COMMON_SOURCES), no
// interposer.
//
// Arena is for one thread at a time; SharedArena for many, which allocate without a lock while there is capacity.
// Regions with an explicit life are as old as Hanson, "Fast Allocation and Deallocation of Memory Based on Object
// Lifetimes" (1990).

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc8/lock.h"
#include "alloc8/pages.h"

namespace alloc8 {

// How much memory is put behind an arena when an allocation needs more.
enum class Growth : std::uint8_t {
  kChunks,    // chunkBytes at a time
  kDoubling,  // as much again as there is, chunkBytes at least
  kFixed,     // none: the initial capacity, or what resize() sets, is all there is
};

struct ArenaOptions {
  std::size_t limitBytes = std::size_t{1} << 30;  // addresses to reserve: what the arena may grow to
  std::size_t initialBytes = 0;                   // capacity from the start
  std::size_t chunkBytes = std::size_t{64} << 10;
  Growth growth = Growth::kDoubling;
  bool fence = false;         // makes what is given up inaccessible, at the price of system calls
  bool keepAddresses = true;  // after close(), so that late uses are caught; false where many arenas come and go
};

namespace detail {

template <bool kShared, class T>
struct MaybeAtomic {
  T load() const { return value; }
  void store(T to) { value = to; }
  bool replace(T& from, T to) { return value = to, static_cast<void>(from), true; }
  T value{};
};

template <class T>
struct MaybeAtomic<true, T> {
  T load() const { return value.load(std::memory_order_acquire); }
  void store(T to) { value.store(to, std::memory_order_release); }
  bool replace(T& from, T to) { return value.compare_exchange_weak(from, to, std::memory_order_acq_rel); }
  std::atomic<T> value{};
};

struct NoLock {
  void lock() {}
  void unlock() {}
};

}  // namespace detail

template <bool kShared>
class BasicArena {
 public:
  // A place to come back to. Of no use after a reset, or a rollback to an earlier one.
  struct Mark {
    std::size_t offset;
    std::uint64_t generation;
  };

  static constexpr std::size_t kAlignment = 16;

  // Reserves the addresses. Where there are not so many (a limit of the process), the arena gets half, or half of that,
  // and so on; where there are none at all it is closed: `limit()` says.
  explicit BasicArena(const ArenaOptions& options = {}) : options_(options) {
    const std::size_t page = pages::size();
    limit_ = roundedUp(options.limitBytes == 0 ? 1 : options.limitBytes, page);
    while (limit_ >= page && (base_ = static_cast<char*>(pages::reserve(limit_, page))) == nullptr) {
      limit_ = limit_ / 2 / page * page;
    }
    if (base_ == nullptr) limit_ = 0;
    if (options.initialBytes != 0) resize(options.initialBytes);
  }

  ~BasicArena() { close(); }
  BasicArena(const BasicArena&) = delete;
  BasicArena& operator=(const BasicArena&) = delete;

  // A block at a multiple of `alignment`, a power of two; null where the limit, or the system's memory, is used up. An
  // empty block is one of a byte.
  void* allocate(std::size_t size, std::size_t alignment = kAlignment) {
    if (ALLOC8_UNLIKELY(size > limit_ || alignment > limit_ || alignment == 0 || (alignment & (alignment - 1)) != 0))
      return nullptr;
    if (size == 0) size = 1;
    std::size_t at = offset_.load();
    std::size_t start;
    std::size_t end;
    do {
      const auto address = reinterpret_cast<std::uintptr_t>(base_) + at;
      start = at + ((alignment - address % alignment) & (alignment - 1));
      end = start + size;
      if (ALLOC8_UNLIKELY(end > capacity_.load()) && !grow(end)) return nullptr;
    } while (!offset_.replace(at, end));
    return base_ + start;
  }

  // Gives a block another size, which has `oldSize` bytes: in place where it shrinks or is the last one and there is
  // room, else by a copy, whose original stays. Null where there is no memory, and then it is as it was.
  void* resizeBlock(void* p, std::size_t oldSize, std::size_t newSize, std::size_t alignment = kAlignment) {
    if (p == nullptr) return allocate(newSize, alignment);
    std::size_t end = offsetOf(p) + (oldSize == 0 ? 1 : oldSize);
    const std::size_t wanted = offsetOf(p) + (newSize == 0 ? 1 : newSize);
    if (newSize <= limit_ && wanted <= limit_ && offset_.load() == end &&
        (wanted <= capacity_.load() || grow(wanted))) {
      if (replaceOnce(end, wanted)) return p;
    }
    if (newSize <= oldSize) return p;
    void* moved = allocate(newSize, alignment);
    return moved == nullptr ? nullptr : std::memcpy(moved, p, oldSize);
  }

  // Takes the last block back, which has `size` bytes; false where it is not the last, and nothing is done.
  bool freeLast(void* p, std::size_t size) {
    const std::size_t start = offsetOf(p);
    return replaceOnce(start + (size == 0 ? 1 : size), start);
  }

  // From here to the numbers: for when no other thread allocates.

  Mark mark() const { return {offset_.load(), generation_}; }

  // Gives up all that was allocated since the mark. One from before a reset, or above the offset, ends the process.
  void rollback(const Mark& mark) {
    if (mark.generation != generation_ || mark.offset > offset_.load()) {
      fatal("arena: rolled back to a mark that is no longer there", base_);
    }
    giveUp(mark.offset);
  }

  // Gives up everything and keeps the first `keepBytes` of capacity; the rest goes back to the system.
  void reset(std::size_t keepBytes = SIZE_MAX) {
    ++generation_;
    giveUp(0);
    if (keepBytes < capacity_.load()) resize(keepBytes);
  }

  // Sets the capacity, in whole pages; not below the offset. False where that is not to be had, and it is as it was.
  bool resize(std::size_t bytes) {
    Guarded guard(lock_);
    return setCapacity(bytes);
  }

  // Ends the arena: its memory goes back to the system, and every later use of a block is SIGSEGV while the addresses
  // are kept. allocate() gives null from now on.
  void close() {
    Guarded guard(lock_);
    if (base_ == nullptr) return;
    ++generation_;
    if (!options_.keepAddresses || !pages::uncommit(base_, limit_)) pages::unmap(base_, limit_);
    limit_ = 0;
    offset_.store(0);
    capacity_.store(0);
    base_ = nullptr;
  }

  std::size_t offset() const { return offset_.load(); }      // bytes in use, gaps for alignment included
  std::size_t capacity() const { return capacity_.load(); }  // bytes with memory behind them
  std::size_t limit() const { return limit_; }               // bytes of addresses; 0 once closed
  std::size_t peak() const { return peak_ > offset_.load() ? peak_ : offset_.load(); }  // the most of offset()
  bool owns(const void* p) const {
    return reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(base_) < limit_;
  }

  // Writes what the arena is now as one object of JSON into `out`, cut off at `size` with its end zero; the length that
  // all of it has. Allocates nothing.
  std::size_t dump(char* out, std::size_t size) const {
    Writer to{out, size};
    to.text("{\"offset\":").number(offset()).text(",\"capacity\":").number(capacity());
    to.text(",\"limit\":")
        .number(limit_)
        .text(",\"peak\":")
        .number(peak())
        .text(",\"generation\":")
        .number(generation_);
    to.text(",\"growth\":\"")
        .text(options_.growth == Growth::kFixed    ? "fixed"
              : options_.growth == Growth::kChunks ? "chunks"
                                                   : "doubling");
    to.text("\",\"shared\":")
        .text(kShared ? "true" : "false")
        .text(",\"fence\":")
        .text(options_.fence ? "true" : "false")
        .text("}");
    if (size != 0) out[to.length < size ? to.length : size - 1] = '\0';
    return to.length;
  }

 private:
  using Mutex = std::conditional_t<kShared, Lock, detail::NoLock>;
  static constexpr unsigned char kGone = 0xdd;

  struct Guarded {
    explicit Guarded(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
    ~Guarded() { mutex_.unlock(); }
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;
    Mutex& mutex_;
  };

  struct Writer {
    char* out;
    std::size_t size;
    std::size_t length = 0;
    Writer& text(const char* from) {
      for (; *from != '\0'; ++from, ++length) {
        if (length < size) out[length] = *from;
      }
      return *this;
    }
    Writer& number(std::uint64_t value) {
      char digits[21] = {};
      char* first = digits + 20;
      do *--first = static_cast<char>('0' + value % 10);
      while ((value /= 10) != 0);
      return text(first);
    }
  };

  static std::size_t roundedUp(std::size_t value, std::size_t multiple) {
    return value > SIZE_MAX - multiple ? SIZE_MAX / multiple * multiple : (value + multiple - 1) / multiple * multiple;
  }

  std::size_t offsetOf(const void* p) const { return static_cast<std::size_t>(static_cast<const char*>(p) - base_); }

  // Moves the offset where it is still `from`.
  bool replaceOnce(std::size_t from, std::size_t to) {
    const std::size_t expected = from;
    while (offset_.load() == expected) {
      notePeak(expected);
      if (offset_.replace(from, to)) return true;
    }
    return false;
  }

  void notePeak(std::size_t at) {
    if constexpr (!kShared) {
      if (at > peak_) peak_ = at;
    }
  }

  // Has memory put behind everything below `end`.
  ALLOC8_NOINLINE bool grow(std::size_t end) {
    Guarded guard(lock_);
    const std::size_t has = capacity_.load();
    if (end <= has) return true;
    if (end > limit_ || options_.growth == Growth::kFixed) return false;
    std::size_t step = options_.growth == Growth::kDoubling && has > options_.chunkBytes ? has : options_.chunkBytes;
    if (step < end - has) step = end - has;
    const std::size_t wanted = step < limit_ - has ? has + step : limit_;
    return setCapacity(wanted) || setCapacity(end);
  }

  bool setCapacity(std::size_t bytes) {
    const std::size_t page = pages::size();
    const std::size_t has = capacity_.load();
    if (bytes > limit_) return false;
    std::size_t wanted = roundedUp(bytes, page);
    const std::size_t least = roundedUp(offset_.load(), page);
    if (wanted < least) wanted = least;
    if (wanted > has) {
      if (!pages::commit(base_ + has, wanted - has)) return false;
    } else if (wanted < has) {
      if (!pages::uncommit(base_ + wanted, has - wanted)) return false;
    }
    capacity_.store(wanted);
    return true;
  }

  void giveUp(std::size_t to) {
    const std::size_t from = offset_.load();
    if (from > peak_) peak_ = from;
    offset_.store(to);
    if (!options_.fence || base_ == nullptr) return;
    // What shares a page with blocks that stay is overwritten; whole pages become addresses without memory.
    const std::size_t page = pages::size();
    const std::size_t shared = roundedUp(to, page) < from ? roundedUp(to, page) : from;
    if (shared > to) std::memset(base_ + to, kGone, shared - to);
    if (!setCapacity(to) && from > shared) std::memset(base_ + shared, kGone, from - shared);
  }

  ArenaOptions options_;
  char* base_ = nullptr;
  std::size_t limit_ = 0;
  detail::MaybeAtomic<kShared, std::size_t> offset_;
  detail::MaybeAtomic<kShared, std::size_t> capacity_;
  std::size_t peak_ = 0;
  std::uint64_t generation_ = 0;
  [[no_unique_address]] Mutex lock_;
};

using Arena = BasicArena<false>;
using SharedArena = BasicArena<true>;

}  // namespace alloc8
