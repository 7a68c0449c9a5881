// Memory for calls that come while a heap is still being built: its constructor may allocate, or call dlsym, which
// does. Only heaps that are not constant-initialised have one.
//
// A stretch of .bss that is handed out from front to back and costs nothing until touched; when it is used up, larger
// ones are mapped and remembered. Blocks carry their size, so that free, realloc and malloc_usable_size know them for
// as long as the process lives.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "alloc8/detail/compiler.h"
#include "alloc8/pages.h"

namespace alloc8::detail {

// Mapped memory, used like the arena. `start` is null until the chunk is ready.
struct BootstrapChunk {
  std::atomic<char*> start{nullptr};
  std::size_t bytes = 0;
  std::atomic<std::size_t> used{0};
};

class BootstrapArena {
 public:
  // A block of `size` bytes at a multiple of `alignment` (a power of two), or null. Zeroed, because it is never reused.
  static void* allocate(std::size_t size, std::size_t alignment) {
    if (alignment < kHeader) alignment = kHeader;
    if (size > kMaxSize || alignment > kMaxSize) return nullptr;
    const std::size_t need = size + alignment + kHeader;
    char* start = take(arena_, kArenaBytes, used_, need);
    if (start == nullptr) start = takeMapped(need);
    return start == nullptr ? nullptr : place(start, size, alignment);
  }

  static ALLOC8_ALWAYS_INLINE bool owns(const void* p) {
    if (ALLOC8_UNLIKELY(within(p, arena_, kArenaBytes))) return true;
    return ALLOC8_UNLIKELY(chunkCount_.load(std::memory_order_acquire) != 0) && ownsMapped(p);
  }

  // Bytes usable at p, which the arena owns.
  static std::size_t usableSize(const void* p) {
    return *reinterpret_cast<const std::size_t*>(static_cast<const char*>(p) - kHeader);
  }

 private:
  static constexpr std::size_t kArenaBytes = std::size_t{256} << 10;
  static constexpr std::size_t kHeader = 16;
  static constexpr std::size_t kMaxSize = SIZE_MAX / 4;
  static constexpr std::size_t kChunkBytes = std::size_t{1} << 20;
  static constexpr unsigned kMaxChunks = 128;

  static bool within(const void* p, const char* start, std::size_t bytes) {
    return reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(start) < bytes;
  }

  static void* place(char* start, std::size_t size, std::size_t alignment) {
    const auto first = reinterpret_cast<std::uintptr_t>(start) + kHeader;
    char* block = reinterpret_cast<char*>((first + alignment - 1) & ~(alignment - 1));
    *reinterpret_cast<std::size_t*>(block - kHeader) = size;
    return block;
  }

  // The next `need` of `bytes` bytes, null when they are used up.
  static char* take(char* start, std::size_t bytes, std::atomic<std::size_t>& used, std::size_t need) {
    std::size_t at = used.load(std::memory_order_relaxed);
    while (need <= bytes - at) {
      if (used.compare_exchange_weak(at, at + need, std::memory_order_relaxed)) return start + at;
    }
    return nullptr;
  }

  // From the newest chunk, or from a new one.
  static char* takeMapped(std::size_t need) {
    const unsigned count = chunkCount_.load(std::memory_order_acquire);
    if (count != 0 && count <= kMaxChunks) {
      BootstrapChunk& newest = chunks_[count - 1];
      char* start = newest.start.load(std::memory_order_acquire);
      if (start != nullptr && (start = take(start, newest.bytes, newest.used, need)) != nullptr) return start;
    }
    const unsigned slot = chunkCount_.fetch_add(1, std::memory_order_acq_rel);
    if (slot >= kMaxChunks) {
      chunkCount_.fetch_sub(1, std::memory_order_acq_rel);
      return nullptr;
    }
    // More than is needed now, so that small blocks share a chunk.
    BootstrapChunk& chunk = chunks_[slot];
    chunk.bytes = need + kChunkBytes;
    chunk.used.store(need, std::memory_order_relaxed);
    char* start = static_cast<char*>(pages::map(chunk.bytes, pages::size()));
    chunk.start.store(start, std::memory_order_release);  // null matches nothing: the slot stays empty
    return start;
  }

  static ALLOC8_NOINLINE bool ownsMapped(const void* p) {
    const unsigned count = chunkCount_.load(std::memory_order_acquire);
    for (unsigned i = 0; i < count && i < kMaxChunks; ++i) {
      const char* start = chunks_[i].start.load(std::memory_order_acquire);
      if (start != nullptr && within(p, start, chunks_[i].bytes)) return true;
    }
    return false;
  }

  // Constant-initialised all: an initialiser that ran when the library is loaded would wipe out what others'
  // constructors allocated before it.
  alignas(64) static inline constinit char arena_[kArenaBytes] = {};
  static inline constinit std::atomic<std::size_t> used_{0};
  static inline constinit std::atomic<unsigned> chunkCount_{0};
  static inline constinit BootstrapChunk chunks_[kMaxChunks] = {};
};

}  // namespace alloc8::detail
