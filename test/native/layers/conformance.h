// What every stack of layers must do as a heap, whatever it is made of. Used by the tests of the layers.

#pragma once

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "alloc8/heap_redirect.h"
#include "check.h"

namespace alloc8::check {

inline bool at(const void* p, std::size_t alignment) { return reinterpret_cast<std::uintptr_t>(p) % alignment == 0; }

// Fills a block by its address and size, and looks whether it still is.
inline void fill(void* p, std::size_t size) { std::memset(p, static_cast<int>(size % 251), size); }
inline bool filled(const void* p, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(p);
  for (std::size_t i = 0; i < size; ++i) {
    if (bytes[i] != size % 251) return false;
  }
  return true;
}

// Blocks of all sizes and alignments, in an order that mixes them; through HeapRedirect, as a program gets them.
template <class Redirect>
void mixes(unsigned seed, int rounds) {
  struct Block {
    void* p = nullptr;
    std::size_t size = 0;
  };
  std::vector<Block> blocks(64);
  const auto random = [&seed] { return seed = seed * 1103515245 + 12345, (seed >> 8) & 0xffff; };
  for (int i = 0; i < rounds; ++i) {
    Block& block = blocks[random() % blocks.size()];
    const std::size_t size = random() % (i % 16 == 0 ? 70000 : 1500);
    if (block.p != nullptr) CHECK(filled(block.p, block.size));
    switch (random() % 4) {
      case 0:
        Redirect::free(block.p);
        block = {Redirect::malloc(size), size};
        break;
      case 1: {
        Redirect::free(block.p);
        const std::size_t alignment = std::size_t{16} << (random() % 10);
        block = {Redirect::memalign(alignment, size), size};
        CHECK(at(block.p, alignment));
        break;
      }
      case 2: {
        Redirect::free(block.p);
        block = {Redirect::calloc(1, size), size};
        const auto* bytes = static_cast<const char*>(block.p);
        for (std::size_t byte = 0; byte < size; ++byte) CHECK(bytes[byte] == 0);
        break;
      }
      default: {
        const std::size_t kept = block.size < size ? block.size : size;
        const std::size_t old = block.size;
        void* moved = block.p == nullptr || size == 0 ? nullptr : Redirect::realloc(block.p, size);
        if (moved == nullptr) continue;
        const auto* bytes = static_cast<const unsigned char*>(moved);
        for (std::size_t byte = 0; byte < kept; ++byte) CHECK(bytes[byte] == old % 251);
        block = {moved, size};
      }
    }
    CHECK(block.p != nullptr && at(block.p, 16) && Redirect::getSize(block.p) >= size);
    fill(block.p, size);
  }
  for (const Block& block : blocks) {
    if (block.p != nullptr) CHECK(filled(block.p, block.size));
    Redirect::free(block.p);
  }
}

template <class Redirect>
void isAHeap() {
  void* one = Redirect::malloc(0);
  void* two = Redirect::malloc(0);
  CHECK(one != nullptr && two != nullptr && one != two);
  Redirect::free(one);
  Redirect::free(two);
  Redirect::free(nullptr);
  CHECK(Redirect::malloc(SIZE_MAX - 100) == nullptr);
  CHECK(Redirect::malloc(PTRDIFF_MAX) == nullptr);
  CHECK(Redirect::memalign(4096, SIZE_MAX - 5000) == nullptr);
  CHECK(Redirect::memalign(std::size_t{1} << 62, 100) == nullptr);
  void* huge = Redirect::memalign(std::size_t{1} << 22, 100);
  CHECK(huge != nullptr && at(huge, std::size_t{1} << 22));
  Redirect::free(huge);
  mixes<Redirect>(1, 4000);
}

// Four threads, which free what others have made, while the heap's lock is taken and given back.
template <class Redirect>
void takesThreads() {
  std::vector<std::thread> threads;
  std::vector<void*> handed(1000);
  for (std::size_t i = 0; i < handed.size(); ++i) handed[i] = Redirect::malloc(i);
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([seed, &handed] {
      if constexpr (requires { Redirect::getHeap()->threadInit(); }) Redirect::getHeap()->threadInit();
      mixes<Redirect>(seed, 1500);
      for (std::size_t i = seed; i < handed.size(); i += 4) Redirect::free(handed[i]);
      if constexpr (requires { Redirect::getHeap()->threadCleanup(); }) Redirect::getHeap()->threadCleanup();
      Redirect::free(Redirect::malloc(10));
    });
  }
  for (int i = 0; i < 100; ++i) {
    Redirect::lock();
    Redirect::unlock();
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace alloc8::check
