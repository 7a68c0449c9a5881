// What a debug build looks after: that a pointer given to free is a block in use, and, every thousandth time that a
// heap changes, that its lists and sums are what its superblocks say and that Hoard's invariant holds. A release build
// has none of it.

#pragma once

#include <cstddef>
#include <cstdint>

#include "alloc8/alloc8.h"
#include "heaps/hoard/heap.h"
#include "heaps/hoard/superblock.h"

namespace alloc8::heaps::hoard {

#if defined(ALLOC8_CHECKED)
inline constexpr bool kChecked = true;
#else
inline constexpr bool kChecked = false;
#endif

[[noreturn]] inline ALLOC8_NOINLINE void badFree(const void* p) {
  fatal("hoard: free of what is no block, or was freed before", p);
}

struct HeapCheck {
  static void nowAndThen(Heap* heap) {
    if constexpr (kChecked) {
      static std::atomic<unsigned> changes{0};
      if (changes.fetch_add(1, std::memory_order_relaxed) % 1024 == 0) walk(heap);
    }
  }

  // Ends the process with a message where something is not as it should be. The calling thread's heap, or one whose
  // shard is locked.
  static void walk(Heap* heap) {
    std::int64_t used = 0;
    std::int64_t held = 0;
    std::size_t sparse = 0;
    for (Superblock* each = heap->all_.front(); each != nullptr; each = AllQueue::after(each)) {
      used += static_cast<std::int64_t>(each->usedBytes());
      held += static_cast<std::int64_t>(each->heldBytes());
      expect(each->owner.load(std::memory_order_relaxed) == heap, "a superblock of another heap's is in the list",
             each);
      expect(each->used <= each->carved && each->carved <= each->frontier && each->frontier <= each->capacity,
             "more blocks in use than there are", each);
      std::uint32_t free = 0;
      for (const Block* block = each->free; block != nullptr && free <= each->carved; block = block->next) ++free;
      expect(free <= each->carved - each->used, "more free blocks than there are", each);
      if (each->sparse) ++sparse;
    }
    for (Superblock* each = heap->sparse_.front(); each != nullptr; each = SparseQueue::after(each)) {
      expect(each->sparse && sparse-- != 0, "the list of sparse superblocks is not what it should be", each);
    }
    expect(sparse == 0, "a sparse superblock is in no list", heap);
    for (std::size_t c = 0; c < kClasses; ++c) {
      for (Superblock* each = heap->rooms_[c].front(); each != nullptr; each = RoomQueue::after(each)) {
        expect(each->listed && each->hasRoom() && each->sizeClass == c, "a superblock is in the wrong list", each);
      }
      std::int32_t count = 0;
      for (const Block* block = heap->bins_[c].head; block != nullptr; block = block->next) ++count;
      expect(count == heap->bins_[c].count, "a buffer does not hold what it says", heap);
    }
    expect(used == heap->used_ && held == heap->held_, "the sums are not those of the superblocks", heap);
    expect(heap->used_ >= heap->floor_, "Hoard's invariant does not hold", heap);
  }

 private:
  static void expect(bool holds, const char* otherwise, const void* where) {
    if (!holds) fatal(otherwise, where);
  }
};

// A block that was freed says so in its second word until it is handed out again.
inline std::uintptr_t freedMark(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) ^ std::uintptr_t{0x9e3779b97f4a7c15};
}
inline void unmarkFreed(void* p) {
  if (p != nullptr) static_cast<std::uintptr_t*>(p)[1] = 0;
}

inline ALLOC8_NOINLINE ALLOC8_NO_TSAN void checkFree(Superblock* superblock, void* p) {
  if (superblock->kind != Kind::small) badFree(p);
  const auto offset = static_cast<std::size_t>(static_cast<char*>(p) - superblock->begin());
  if (offset % superblock->blockBytes != 0 || offset / superblock->blockBytes >= superblock->frontier) badFree(p);
  auto* words = static_cast<std::uintptr_t*>(p);
  if (words[1] == freedMark(p)) fatal("hoard: a block is freed twice", p);
  words[1] = freedMark(p);
}

}  // namespace alloc8::heaps::hoard
