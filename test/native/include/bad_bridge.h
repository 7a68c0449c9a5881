// A heap behind the bridge that misbehaves in every way a test asks for, and remembers what it was asked. Its blocks
// are libc's, filled with rubbish, and it checks that it gets back only what it gave.

#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "alloc8/detail/libc_rules.h"
#include "check.h"

namespace alloc8::check {

struct BadHeap {
  // What it does wrong.
  bool givesNothing = false;      // no memory left
  bool zeroIsNull = false;        // malloc(0) and its kin give null
  bool misaligned = false;        // malloc, calloc and realloc give 8 (mod 16)
  bool ignoresAlignment = false;  // memalign is malloc
  bool memalignGivesNothing = false;
  bool memalignOfZeroIsNull = false;

  static constexpr std::size_t kMost = std::size_t{1} << 30;

  // What it saw.
  int calls = 0;
  int frees = 0;
  std::size_t largestAsked = 0;
  std::string last;                                     // the last call with its arguments
  std::map<void*, std::pair<void*, std::size_t>> live;  // block -> what libc gave, usable bytes

  void* give(std::size_t alignment, std::size_t size, std::size_t offset) {
    if (size > largestAsked) largestAsked = size;
    if (givesNothing || (size == 0 && zeroIsNull)) return nullptr;
    if (size > kMost || alignment > kMost) return nullptr;
    // An odd multiple of the alignment, so that no larger one is met by luck.
    const std::size_t boundary = 2 * alignment;
    const std::size_t room = (size + alignment + offset + boundary) / boundary * boundary;
    char* made = static_cast<char*>(std::aligned_alloc(boundary, room));
    CHECK(made != nullptr);
    char* block = made + alignment + offset;
    std::memset(block, 0xa5, size);
    live[block] = {made, size};
    return block;
  }

  void takeBack(void* p) {
    ++frees;
    errno = 4343;
    if (p == nullptr) return;
    const auto at = live.find(p);
    CHECK(at != live.end());
    std::free(at->second.first);
    live.erase(at);
  }
};

inline BadHeap heap;

// Forgets the heap's blocks and gives it these faults.
inline void useHeap(BadHeap faults) {
  for (const auto& [block, made] : heap.live) std::free(made.first);
  heap = faults;
}

// `Follows` is the heap's promise that it keeps libc's rules by itself.
template <bool Follows>
struct BadBridge {
  static constexpr bool followsLibcRules() { return Follows; }
  static void* malloc(std::size_t size) {
    called("malloc", size);
    return heap.give(16, size, heap.misaligned ? 8 : 0);
  }
  static void free(void* p) {
    called("free", 0);
    heap.takeBack(p);
  }
  static void freeSized(void* p, std::size_t size) {
    called("freeSized", size);
    heap.takeBack(p);
  }
  static void freeAlignedSized(void* p, std::size_t alignment, std::size_t size) {
    called("freeAlignedSized " + std::to_string(alignment), size);
    heap.takeBack(p);
  }
  static void* memalign(std::size_t alignment, std::size_t size) {
    called("memalign " + std::to_string(alignment), size);
    if (heap.memalignGivesNothing || (heap.memalignOfZeroIsNull && size == 0)) return nullptr;
    return heap.ignoresAlignment ? heap.give(16, size, 8) : heap.give(alignment, size, 0);
  }
  static void* calloc(std::size_t count, std::size_t size) {
    called("calloc " + std::to_string(count), size);
    void* p = heap.give(16, count * size, heap.misaligned ? 8 : 0);
    return p == nullptr ? nullptr : std::memset(p, 0, count * size);
  }
  static void* realloc(void* p, std::size_t size) {
    called("realloc", size);
    void* moved = heap.give(16, size, heap.misaligned ? 8 : 0);
    if (moved == nullptr) return nullptr;
    const std::size_t old = heap.live.at(p).second;
    std::memcpy(moved, p, old < size ? old : size);
    heap.takeBack(p);
    return moved;
  }
  static std::size_t usableSize(void* p) {
    called("usableSize", 0);
    return heap.live.at(p).second;
  }

 private:
  static void called(const std::string& name, std::size_t size) {
    ++heap.calls;
    heap.last = name + " " + std::to_string(size);
  }
};

}  // namespace alloc8::check
