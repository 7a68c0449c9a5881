// A superblock: 128 KiB at a multiple of that, its header in front, its blocks all of one size class. Whoever has a
// pointer into one finds the header by masking the address.
//
// One heap owns it at a time. The owner's thread takes and gives blocks without atomic instructions; every other thread
// pushes what it frees onto a stack of the superblock's own, which the owner empties when it needs blocks. The first
// push onto an empty stack tells the owner, by one more push. (Owners and superblocks are those of Berger, McKinley,
// Blumofe and Wilson, "Hoard", ASPLOS 2000; the two stacks are ours.)

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "alloc8/alloc8.h"
#include "alloc8/size_classes.h"

namespace alloc8::heaps::hoard {

class Heap;

inline constexpr std::size_t kSuperblockBytes = std::size_t{128} << 10;
inline constexpr std::size_t kHeaderBytes = 256;
inline constexpr std::size_t kMaxSmall = std::size_t{16} << 10;
inline constexpr std::size_t kClasses = sizeClassOf(kMaxSmall) + 1;
inline constexpr std::uint64_t kMagic = 0x6472'616f'6820'3861;

struct Block {
  Block* next;
};

struct Superblock {
  // Of the owner's thread.
  Block* free = nullptr;  // blocks that were given back
  char* fresh = nullptr;  // where those begin that nobody has had
  char* end = nullptr;
  std::atomic<std::uint32_t> used{0};  // handed out, or on the stack of others; written by the owner alone
  std::uint32_t few = 0;               // so few used that the superblock might serve others better
  std::uint32_t capacity = 0;
  std::uint32_t sizeClass = 0;
  std::uint32_t blockBytes = 0;
  bool listed = false;  // in the owner's list of those that have room
  Superblock* next = nullptr;
  Superblock* previous = nullptr;
  Superblock* nextOfAll = nullptr;  // of the owner's superblocks of this class, full ones too
  Superblock* previousOfAll = nullptr;
  Superblock* nextEver = nullptr;  // of all superblocks that there are, for the account
  Superblock* previousEver = nullptr;
  std::uint64_t magic = 0;
  std::size_t mappedBytes = 0;  // of a large block's mapping, which has this header too; 0 of a superblock
  char* mapping = nullptr;

  // Of all threads, on a line of its own.
  alignas(64) std::atomic<Heap*> owner{nullptr};
  std::atomic<Block*> remote{nullptr};
  Superblock* nextNotice = nullptr;

  static Superblock* of(const void* p) {
    // A block never begins where its superblock does; a large one may end where a multiple begins.
    return reinterpret_cast<Superblock*>((reinterpret_cast<std::uintptr_t>(p) - 1) & ~(kSuperblockBytes - 1));
  }

  void become(std::size_t itsClass) {
    sizeClass = static_cast<std::uint32_t>(itsClass);
    blockBytes = static_cast<std::uint32_t>(sizeClassBytes(itsClass));
    capacity = static_cast<std::uint32_t>((kSuperblockBytes - kHeaderBytes) / blockBytes);
    few = capacity / 4;
    fresh = reinterpret_cast<char*>(this) + kHeaderBytes;
    end = fresh + std::size_t{capacity} * blockBytes;
    free = nullptr;
    listed = false;
    used.store(0, std::memory_order_relaxed);
    magic = kMagic;
  }

  std::uint32_t inUse() const { return used.load(std::memory_order_relaxed); }
  void count(std::uint32_t now) { used.store(now, std::memory_order_relaxed); }
  bool hasRoom() const { return free != nullptr || fresh != end; }

  // Blocks that somebody has had.
  std::size_t touched() const {
    return static_cast<std::size_t>(fresh - reinterpret_cast<const char*>(this) -
                                    static_cast<std::ptrdiff_t>(kHeaderBytes)) /
           blockBytes;
  }

  // Null where there is none without looking at what others gave back.
  ALLOC8_ALWAYS_INLINE void* take() {
    if (Block* block = free; ALLOC8_LIKELY(block != nullptr)) {
      free = block->next;
      count(inUse() + 1);
      return block;
    }
    return takeFresh();
  }

  void* takeFresh() {
    if (fresh == end) return nullptr;
    void* block = fresh;
    fresh += blockBytes;
    count(inUse() + 1);
    return block;
  }

  // Where the block begins that p points into.
  void* blockAt(const void* p) {
    const std::size_t offset =
        static_cast<std::size_t>(static_cast<const char*>(p) - reinterpret_cast<char*>(this)) - kHeaderBytes;
    return reinterpret_cast<char*>(this) + kHeaderBytes + offset / blockBytes * blockBytes;
  }
};
static_assert(sizeof(Superblock) <= kHeaderBytes);

}  // namespace alloc8::heaps::hoard
