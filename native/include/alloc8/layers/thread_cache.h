// A cache of small blocks for each thread in front of a heap that any thread may call: a block that a thread has freed
// is what it gets next, without a lock. A list that is empty is filled, and one that is full is emptied by half, in
// batches.
//
// What stands below it does not see small blocks come and go: a quarantine, a canary or faults belong above.
//
// A thread gives its blocks back when it ends, by threadCleanup: plug the heap in by ALLOC8_REDIRECT_WITH_THREADS and
// link the thread hooks. The cache belongs to the type and not to the object, as thread-local storage does: one heap of
// a type.

#pragma once

#include "alloc8/layers/layer.h"
#include "alloc8/size_classes.h"

namespace alloc8::layers {

template <class Super, std::size_t kLargest = 1024, unsigned kMost = 64, unsigned kBatch = 16>
class ThreadCache : public Super {
  static_assert(kBatch > 0 && kBatch < kMost);

 public:
  constexpr ThreadCache() = default;
  // Both would go past the cache, one with blocks that it could have and the other to it.
  void free_sized() = delete;
  void free_aligned_sized() = delete;

  ALLOC8_ALWAYS_INLINE void* malloc(std::size_t size) {
    if (ALLOC8_UNLIKELY(size > kLargest)) return Super::malloc(size);
    List& list = cache_.lists[sizeClassOf(size)];
    if (ALLOC8_LIKELY(list.first != nullptr)) {
      Block* block = list.first;
      list.first = block->next;
      --list.count;
      return block;
    }
    return fill(sizeClassOf(size));
  }

  ALLOC8_ALWAYS_INLINE void free(void* p) {
    if (p == nullptr) return;
    const std::size_t size = Super::getSize(p);
    if (size < kSmallest || size > kLargest || cache_.ended) return Super::free(p);
    List& list = cache_.lists[classWithin(size)];
    if (ALLOC8_UNLIKELY(list.count == kMost)) flush(list, kMost / 2);
    auto* block = static_cast<Block*>(p);
    block->next = list.first;
    list.first = block;
    ++list.count;
  }

  void threadInit() {
    cache_.ended = false;
    if constexpr (requires(Super & heap) { heap.threadInit(); }) Super::threadInit();
  }

  // What the thread frees from now on goes past the cache.
  void threadCleanup() {
    for (List& list : cache_.lists) flush(list, list.count);
    cache_.ended = true;
    if constexpr (requires(Super & heap) { heap.threadCleanup(); }) Super::threadCleanup();
  }

 private:
  struct Block {
    Block* next;
  };
  struct List {
    Block* first;
    unsigned count;
  };
  static constexpr std::size_t kSmallest = 16;
  struct Cache {
    List lists[sizeClassOf(kLargest) + 1];
    bool ended;
  };

  // The largest class whose requests a block of `size` bytes satisfies.
  static std::size_t classWithin(std::size_t size) {
    const std::size_t sizeClass = sizeClassOf(size);
    return sizeClassBytes(sizeClass) > size ? sizeClass - 1 : sizeClass;
  }

  ALLOC8_NOINLINE void* fill(std::size_t sizeClass) {
    const std::size_t bytes = sizeClassBytes(sizeClass);
    void* wanted = Super::malloc(bytes);
    if (wanted == nullptr || cache_.ended) return wanted;
    List& list = cache_.lists[sizeClass];
    for (unsigned i = 1; i < kBatch; ++i) {
      auto* block = static_cast<Block*>(Super::malloc(bytes));
      if (block == nullptr) break;
      block->next = list.first;
      list.first = block;
      ++list.count;
    }
    return wanted;
  }

  ALLOC8_NOINLINE void flush(List& list, unsigned count) {
    for (; count > 0; --count) {
      Block* block = list.first;
      list.first = block->next;
      --list.count;
      Super::free(block);
    }
  }

  static inline constinit thread_local ALLOC8_STATIC_TLS Cache cache_{};
};

}  // namespace alloc8::layers
