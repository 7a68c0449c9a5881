// Superblocks and the regions they stand in. A region is 16 MiB at a multiple of that: 256 slices of 64 KiB, the first
// of which holds a descriptor for each of the others. A superblock is a slice of blocks of one size class, or a run of
// slices with one large block. Whoever has a pointer finds the descriptor by masking and shifting the address; a map
// of the address space says first whether there is a region at all.
//
// Descriptors stand apart from blocks, so that they share no page and no cache set with them, and an empty superblock
// can be given back whole. (Owners and superblocks are those of Berger, McKinley, Blumofe and Wilson, "Hoard", ASPLOS
// 2000; the layout of regions is close to the segments of Leijen, Zorn and de Moura, "Mimalloc", 2019.)

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "alloc8/alloc8.h"
#include "alloc8/size_classes.h"
#include "heaps/hoard/slice_set.h"

namespace alloc8::heaps::hoard {

class Heap;

inline constexpr unsigned kSliceBits = 16;
inline constexpr std::size_t kSliceBytes = std::size_t{1} << kSliceBits;
inline constexpr unsigned kRegionBits = kSliceBits + 8;
inline constexpr std::size_t kRegionBytes = std::size_t{1} << kRegionBits;
inline constexpr std::size_t kSuperblocksAt = 256;  // where descriptors begin in a region
inline constexpr std::size_t kMaxSmall = kSliceBytes / 2;
inline constexpr std::size_t kMaxLarge = kRegionBytes / 2;  // above it a block has a mapping of its own
inline constexpr std::size_t kClasses = sizeClassOf(kMaxSmall) + 1;
static_assert(kClasses <= 64, "the shards' masks hold one bit for each class");

// The classes of sizes up to kTabled, by sixteens.
inline constexpr std::size_t kTabled = 1024;
struct ClassTable {
  std::uint8_t classes[kTabled / 16 + 1] = {};
  constexpr ClassTable() {
    for (std::size_t i = 0; i <= kTabled / 16; ++i) classes[i] = static_cast<std::uint8_t>(sizeClassOf(i * 16));
  }
};
inline constexpr ClassTable kTable{};

struct Block {
  Block* next;
};

enum class Kind : std::uint8_t { none, small, large, huge };

struct Superblock {
  // What every thread reads that frees a block, and where others leave those they free.
  std::atomic<Heap*> owner{nullptr};  // null of a large block: that is everybody's
  std::uint32_t blockBytes = 0;
  std::uint8_t sizeClass = 0;
  Kind kind = Kind::none;
  std::uint16_t slices = 0;
  std::atomic<std::uint64_t> remote{0};  // a stack: the first block, and above its 48 bits how many there are
  Block* lastRemote = nullptr;           // the block at the bottom of that
  Superblock* nextNotice = nullptr;
  Superblock* nextOfAll = nullptr;  // of the owner's superblocks
  Superblock* previousOfAll = nullptr;
  std::uint32_t hollowedAt = 0;  // blocks in use when it was last hollowed out

  // The owner's alone.
  alignas(64) Block* free = nullptr;  // blocks that came back
  std::uint32_t used = 0;             // blocks handed out: the program's, those in buffers and on the stack of others
  std::uint32_t alarm = 0;            // the owner looks closer when a block comes back and no more than this are used
  std::uint32_t carved = 0;           // blocks with memory behind them: those in use and those in `free`
  std::uint16_t capacity = 0;
  std::uint16_t frontier = 0;  // blocks from this on were never handed out
  std::uint16_t hollow = 0;    // pages whose memory was given back, a bit for each, if blocks begin there
  bool listed = false;         // among those of the class that have room
  bool sparse = false;         // among those that are hardly used
  Superblock* next = nullptr;  // of those of the class that have room
  Superblock* previous = nullptr;
  Superblock* nextSparse = nullptr;  // of those that are hardly used
  Superblock* previousSparse = nullptr;

  static constexpr std::uint32_t kAlways = UINT32_MAX;

  bool hasRoom() const { return free != nullptr || frontier != capacity || hollow != 0; }
  std::size_t heldBytes() const { return std::size_t{carved} * blockBytes; }
  std::size_t usedBytes() const { return std::size_t{used} * blockBytes; }

  // Where the blocks begin.
  char* begin() const {
    const auto self = reinterpret_cast<std::uintptr_t>(this);
    const std::uintptr_t region = self & ~(kRegionBytes - 1);
    return reinterpret_cast<char*>(region + (((self - region - kSuperblocksAt) / sizeof(Superblock)) << kSliceBits));
  }

  // An empty slice becomes a superblock of a class.
  void become(std::size_t itsClass) {
    sizeClass = static_cast<std::uint8_t>(itsClass);
    blockBytes = static_cast<std::uint32_t>(sizeClassBytes(itsClass));
    capacity = static_cast<std::uint16_t>(kSliceBytes / blockBytes);
    kind = Kind::small;
    slices = 1;
    free = nullptr;
    used = carved = 0;
    frontier = hollow = 0;
    hollowedAt = UINT32_MAX;
    alarm = kAlways;
    listed = sparse = false;
  }
};
static_assert(sizeof(Superblock) == 128);

// The descriptors of a region; what would be the first says something of all.
struct Region {
  SliceSet free;           // slices that nobody has
  SliceSet dirty;          // of them, those that may have memory behind them
  SliceSet old;            // of those, the ones that had when the clock last ticked
  Region* next = nullptr;  // of huge blocks that are kept
  Region* previous = nullptr;
  char* mapping = nullptr;  // of a huge block: where its own mapping begins, of mappedBytes
  std::size_t mappedBytes = 0;
  std::uint32_t index = 0;                       // in the table of regions
  std::uint16_t front = 0;                       // slices in front of a huge block
  bool beyond = false;                           // the huge block begins where the next region would
  bool kept = false;                             // it was freed before the clock last ticked
  alignas(128) Superblock superblocks[kSlices];  // the first is none

  static Region* of(const void* p) {
    return reinterpret_cast<Region*>(reinterpret_cast<std::uintptr_t>(p) & ~(kRegionBytes - 1));
  }

  Superblock* at(unsigned slice) { return &superblocks[slice]; }
  static unsigned sliceOf(const void* p) {
    return static_cast<unsigned>((reinterpret_cast<std::uintptr_t>(p) >> kSliceBits) & (kSlices - 1));
  }
};
static_assert(sizeof(Region) <= kSliceBytes && offsetof(Region, superblocks) == kSuperblocksAt);

// The superblock of a block in a region that is ours.
ALLOC8_ALWAYS_INLINE Superblock* superblockOf(const void* p) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  constexpr unsigned kShift = kSliceBits - 7;
  static_assert(sizeof(Superblock) == std::size_t{1} << 7);
  return reinterpret_cast<Superblock*>((address & ~(kRegionBytes - 1)) + ((address >> kShift) & ((kSlices - 1) << 7)) +
                                       kSuperblocksAt);
}

// Which parts of the address space are regions of ours: a byte for each, in memory that costs nothing until it is
// written. Any thread may look at any time. An address that no program can have is looked up as one it can; to free
// such a one crashes here, as it would under libc.
class RegionMap {
 public:
  static ALLOC8_ALWAYS_INLINE bool has(const void* p) {
    return __atomic_load_n(&regions_[indexOf(p)], __ATOMIC_RELAXED) != 0;
  }
  // False where the address is out of what the map covers.
  static bool add(const void* p) {
    if (reinterpret_cast<std::uintptr_t>(p) >> kAddressBits != 0) return false;
    __atomic_store_n(&regions_[indexOf(p)], std::uint8_t{1}, __ATOMIC_RELAXED);
    return true;
  }
  static void remove(const void* p) { __atomic_store_n(&regions_[indexOf(p)], std::uint8_t{0}, __ATOMIC_RELAXED); }

 private:
  static constexpr unsigned kAddressBits = 47;
  static ALLOC8_ALWAYS_INLINE std::uintptr_t indexOf(const void* p) {
    return reinterpret_cast<std::uintptr_t>(p) << (64 - kAddressBits) >> (64 - kAddressBits + kRegionBits);
  }
  static inline std::uint8_t regions_[std::size_t{1} << (kAddressBits - kRegionBits)];
};

}  // namespace alloc8::heaps::hoard
