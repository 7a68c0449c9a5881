// The arena heap: every thread cuts its blocks off a chunk of its own, one behind the other, and nothing is reused but
// the last one. The fastest way through malloc, and a measure of what freeing is worth: a program that ends before its
// memory does needs no more. What has a mapping of its own (a quarter of a chunk and more) is given back when it is
// freed.
//
// ALLOC8_ARENA=chunk=BYTES:shared=1:limit=BYTES sets the chunks' size, one chunk for all threads, and how much memory
// the heap may hold before malloc fails: a program that needs freeing should not take the machine down.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc8/alloc8.h"
#include "heaps/settings.h"

namespace alloc8::heaps {

class ArenaHeap {
 public:
  static constexpr bool followsLibcRules = true;
  constexpr ArenaHeap() = default;

  void* malloc(std::size_t size) { return memalign(kHeader, size); }

  // A mapping is zeroed.
  void* calloc(std::size_t count, std::size_t size) {
    void* p = malloc(count * size);
    return p == nullptr || headerOf(p)->mapping != nullptr ? p : std::memset(p, 0, count * size);
  }

  void* memalign(std::size_t alignment, std::size_t size) {
    if (ALLOC8_UNLIKELY(size > kMostBytes || alignment > kMostBytes)) return nullptr;
    const std::size_t bytes = roundUp(size == 0 ? 1 : size, kHeader);
    if (ALLOC8_UNLIKELY(bytes + alignment >= large_.load(std::memory_order_relaxed)))
      return largeBlock(alignment, bytes);
    Slot* slot = slot_;
    if (ALLOC8_UNLIKELY(slot == nullptr)) return slowBlock(alignment, bytes);
    void* block = cut(slot, alignment, bytes);
    return ALLOC8_LIKELY(block != nullptr) ? block : slowBlock(alignment, bytes);
  }

  void free(void* p) {
    if (p == nullptr) return;
    Header* header = headerOf(p);
    if (ALLOC8_UNLIKELY(header->mapping != nullptr)) return unmapLarge(p);
    Slot* slot = slot_;
    if (ALLOC8_UNLIKELY(slot == nullptr)) {
      LockGuard guard(lock_);
      return release(&common_, header, p);
    }
    release(slot, header, p);
  }

  // In place where the block shrinks or is the thread's last.
  void* realloc(void* p, std::size_t size) {
    if (size > kMostBytes) return nullptr;
    Header* header = headerOf(p);
    const std::size_t old = header->bytes;
    const std::size_t bytes = roundUp(size, kHeader);
    if (bytes <= old && (header->mapping == nullptr || bytes >= old / 2)) return p;
    Slot* slot = slot_;
    if (slot != nullptr && header->mapping == nullptr && slot->next == static_cast<char*>(p) + old &&
        bytes - old <= static_cast<std::size_t>(slot->end - slot->next) &&
        bytes < large_.load(std::memory_order_relaxed)) {
      slot->next += bytes - old;
      slot->bytes.add(bytes - old);
      header->bytes = bytes;
      return p;
    }
    // A large one grows by half at least, so that a buffer which grows step by step is not copied at each.
    void* moved =
        header->mapping != nullptr && bytes > old ? malloc(bytes < old + old / 2 ? old + old / 2 : bytes) : nullptr;
    if (moved == nullptr) moved = malloc(size);
    if (moved == nullptr) return bytes <= old ? p : nullptr;
    std::memcpy(moved, p, old < size ? old : size);
    free(p);
    return moved;
  }

  std::size_t getSize(void* p) { return headerOf(p)->bytes; }

  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

  // A thread's chunk goes to the next thread that comes, with what is left of it.
  void threadInit() { ended_ = false; }
  void threadCleanup() {
    ended_ = true;
    if (slot_ == nullptr) return;
    LockGuard guard(lock_);
    slot_->nextFree = freeSlots_;
    freeSlots_ = slot_;
    slot_ = nullptr;
  }

  HeapStats stats() {
    LockGuard guard(lock_);
    HeapStats stats;
    stats.systemBytes = systemBytes_;
    stats.peakSystemBytes = peakBytes_;
    stats.largeBlocks = largeBlocks_;
    stats.largeBytes = largeBytes_;
    stats.largeLiveBytes = largeLiveBytes_;
    stats.liveBlocks = largeBlocks_ + common_.blocks.get();
    stats.liveBytes = largeLiveBytes_ + common_.bytes.get();
    // Each may be below zero, where a thread freed what others had made; the sum is not.
    for (Slot* slot = slots_; slot != nullptr; slot = slot->nextOfAll) {
      stats.liveBlocks += slot->blocks.get();
      stats.liveBytes += slot->bytes.get();
    }
    return stats;
  }

 private:
  static constexpr std::size_t kHeader = 16;
  static constexpr std::size_t kMostBytes = PTRDIFF_MAX / 4;

  // In front of every block.
  struct Header {
    std::size_t bytes;
    char* mapping;  // of a block with one of its own, else null
  };
  static_assert(sizeof(Header) == kHeader);

  // Written by one thread, read by others: no instruction that locks the bus.
  class Counter {
   public:
    void add(std::size_t more) { value_.store(get() + more, std::memory_order_relaxed); }
    std::size_t get() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<std::size_t> value_{0};
  };

  // A thread's chunk and its account. Slots stay for ever and go from thread to thread.
  struct Slot {
    char* next = nullptr;
    char* end = nullptr;
    Counter blocks;
    Counter bytes;
    Slot* nextFree = nullptr;
    Slot* nextOfAll = nullptr;
  };

  static constexpr std::size_t roundUp(std::size_t value, std::size_t multiple) {
    return (value + multiple - 1) & ~(multiple - 1);
  }
  static Header* headerOf(void* p) { return static_cast<Header*>(p) - 1; }

  static ALLOC8_ALWAYS_INLINE void* cut(Slot* slot, std::size_t alignment, std::size_t bytes) {
    const auto next = reinterpret_cast<std::uintptr_t>(slot->next);
    const std::size_t gap = roundUp(next + kHeader, alignment) - next;
    if (ALLOC8_UNLIKELY(gap + bytes > static_cast<std::size_t>(slot->end - slot->next))) return nullptr;
    char* block = slot->next + gap;
    slot->next = block + bytes;
    *headerOf(block) = {bytes, nullptr};
    slot->blocks.add(1);
    slot->bytes.add(bytes);
    return block;
  }

  static void release(Slot* slot, Header* header, void* p) {
    slot->blocks.add(std::size_t{0} - 1);
    slot->bytes.add(std::size_t{0} - header->bytes);
    if (slot->next == static_cast<char*>(p) + header->bytes) slot->next = reinterpret_cast<char*>(header);
  }

  // Without a slot, or with one whose chunk is used up.
  ALLOC8_NOINLINE void* slowBlock(std::size_t alignment, std::size_t bytes) {
    LockGuard guard(lock_);
    settle();
    if (bytes + alignment >= large_.load(std::memory_order_relaxed)) return mapLarge(alignment, bytes);
    Slot* slot = shared_ || ended_ ? &common_ : slot_ != nullptr ? slot_ : newSlot();
    if (slot != &common_) slot_ = slot;
    if (void* block = cut(slot, alignment, bytes); block != nullptr) return block;
    char* chunk = fromSystem(chunkBytes_);
    // The smallest chunk that does, where there is no memory for a whole one.
    std::size_t got = chunkBytes_;
    if (chunk == nullptr) {
      got = roundUp(bytes + alignment + kHeader, pages::size());
      chunk = fromSystem(got);
    }
    if (chunk == nullptr) return nullptr;
    slot->next = chunk;
    slot->end = chunk + got;
    return cut(slot, alignment, bytes);
  }

  Slot* newSlot() {
    Slot* slot = freeSlots_;
    if (slot != nullptr) {
      freeSlots_ = slot->nextFree;
      return slot;
    }
    if (slotsLeft_ == 0) {
      auto* page = fromSystem(pages::size());
      if (page == nullptr) return &common_;
      freshSlots_ = page;
      slotsLeft_ = pages::size() / sizeof(Slot);
    }
    slot = new (static_cast<void*>(freshSlots_)) Slot;
    freshSlots_ += sizeof(Slot);
    --slotsLeft_;
    slot->nextOfAll = slots_;
    slots_ = slot;
    return slot;
  }

  ALLOC8_NOINLINE void* largeBlock(std::size_t alignment, std::size_t bytes) {
    LockGuard guard(lock_);
    settle();
    return mapLarge(alignment, bytes);
  }

  void* mapLarge(std::size_t alignment, std::size_t bytes) {
    const std::size_t mapped = roundUp(bytes + alignment + kHeader, pages::size());
    char* mapping = fromSystem(mapped);
    if (mapping == nullptr) return nullptr;
    const auto start = reinterpret_cast<std::uintptr_t>(mapping);
    char* block = mapping + (roundUp(start + kHeader, alignment) - start);
    *headerOf(block) = {mapped - static_cast<std::size_t>(block - mapping), mapping};
    ++largeBlocks_;
    largeBytes_ += mapped;
    largeLiveBytes_ += headerOf(block)->bytes;
    return block;
  }

  ALLOC8_NOINLINE void unmapLarge(void* p) {
    const Header header = *headerOf(p);
    const std::size_t mapped = header.bytes + static_cast<std::size_t>(static_cast<char*>(p) - header.mapping);
    LockGuard guard(lock_);
    --largeBlocks_;
    largeBytes_ -= mapped;
    largeLiveBytes_ -= header.bytes;
    systemBytes_ -= mapped;
    pages::unmap(header.mapping, mapped);
  }

  char* fromSystem(std::size_t bytes) {
    if (bytes > limitBytes_ || systemBytes_ > limitBytes_ - bytes) return nullptr;
    auto* mapping = static_cast<char*>(pages::map(bytes, pages::size()));
    if (mapping == nullptr) return nullptr;
    systemBytes_ += bytes;
    if (systemBytes_ > peakBytes_) peakBytes_ = systemBytes_;
    return mapping;
  }

  // Reads the settings, once there are any.
  void settle() {
    once_.ensure("ALLOC8_ARENA", [this](const char* text) {
      readSettings(text, [this](const Setting& setting) {
        if (setting.is("chunk")) {
          const std::size_t least = std::size_t{64} << 10;
          const std::size_t most = std::size_t{1} << 30;
          chunkBytes_ = roundUp(setting.value < least  ? least
                                : setting.value > most ? most
                                                       : setting.value,
                                pages::size());
          large_.store(chunkBytes_ / 4, std::memory_order_relaxed);
        } else if (setting.is("shared")) {
          shared_ = setting.value != 0;
        } else if (setting.is("limit") && setting.value != 0) {
          limitBytes_ = setting.value;
        }
      });
    });
  }

  static inline constinit thread_local ALLOC8_STATIC_TLS Slot* slot_ = nullptr;
  static inline constinit thread_local ALLOC8_STATIC_TLS bool ended_ = false;

  Lock lock_;
  EnvironmentOnce once_;
  std::atomic<std::size_t> large_{std::size_t{256} << 10};
  std::size_t chunkBytes_ = std::size_t{1} << 20;
  std::size_t limitBytes_ = std::size_t{16} << 30;
  bool shared_ = false;
  Slot common_;  // of all threads that have none, under the lock
  Slot* slots_ = nullptr;
  Slot* freeSlots_ = nullptr;
  char* freshSlots_ = nullptr;
  std::size_t slotsLeft_ = 0;
  std::size_t systemBytes_ = 0;
  std::size_t peakBytes_ = 0;
  std::size_t largeBlocks_ = 0;
  std::size_t largeBytes_ = 0;
  std::size_t largeLiveBytes_ = 0;
};

}  // namespace alloc8::heaps
