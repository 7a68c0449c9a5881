// Damage to the multiarena heap: whatever a program overwrites, frees twice or hands in that is no block stops it with
// one line that names the chunk.

#include <cstdint>
#include <cstring>
#include <string>

#include "check.h"
#include "child.h"
#include "heaps/multiarena/multiarena_heap.h"

namespace {

using alloc8::check::End;
using alloc8::check::inChild;
using alloc8::heaps::MultiArenaHeap;

MultiArenaHeap heap;

template <class Damage>
void stopsWith(const char* words, Damage damage) {
  const End end = inChild(damage);
  CHECK_EQUAL(end.signal, SIGABRT);
  CHECK_CONTAINS(end.error, "alloc8 multiarena: ");
  CHECK_CONTAINS(end.error, words);
  CHECK_CONTAINS(end.error, "chunk 0x");
  CHECK_EQUAL(end.error.find('\n'), end.error.size() - 1);
}

std::size_t* wordsOf(void* p) { return static_cast<std::size_t*>(p); }

void overwrittenBlocks() {
  stopsWith("freed twice", [] {
    void* p = heap.malloc(20);
    heap.free(p);
    heap.free(p);
  });
  stopsWith("freed twice", [] {
    void* guard = heap.malloc(2000);
    void* p = heap.malloc(2000);
    void* behind = heap.malloc(2000);
    heap.free(p);
    heap.free(p);
    heap.free(guard);
    heap.free(behind);
  });
  stopsWith("not the start of a block", [] { heap.free(static_cast<char*>(heap.malloc(100)) + 4); });
  stopsWith("not the start of a block", [] {
    auto* p = static_cast<char*>(heap.malloc(1000));
    std::memset(p, 0, 1000);
    heap.free(p + 64);
  });
  stopsWith("the size of the next chunk was overwritten", [] {
    auto* p = static_cast<unsigned char*>(heap.malloc(1000));
    heap.malloc(1000);
    std::memset(p, 0xff, 1016);  // 1000 asked for, 1000 usable; the next size word is behind
    heap.free(p);
  });
  stopsWith("the size of the next chunk was overwritten", [] {
    auto* p = static_cast<unsigned char*>(heap.malloc(24));
    heap.malloc(24);
    std::memset(p + 24, 0, 8);
    heap.free(p);
  });
  stopsWith("links of a freed block", [] {
    void* p = heap.malloc(40);
    heap.free(p);
    wordsOf(p)[0] = 0x4141'4141'4141'4141;
    heap.malloc(40);
  });
  stopsWith("links of a free chunk", [] {
    void* p = heap.malloc(3000);
    heap.malloc(10);
    heap.free(p);
    wordsOf(p)[1] = 0x4141'4141'4141'4141;
    heap.malloc(60'000);
  });
  stopsWith("a free one does not agree", [] {
    void* p = heap.malloc(3000);
    void* behind = heap.malloc(10);
    heap.free(p);
    wordsOf(behind)[-2] = 48;  // the size of the free chunk in front
    heap.malloc(3000);
  });
  stopsWith("not a block of this heap", [] {
    static std::size_t foreign[32];
    heap.free(&foreign[8]);
  });
  stopsWith("the header of a mapped block", [] {
    void* p = heap.malloc(1'000'000);
    wordsOf(p)[-1] += 16;
    heap.free(p);
  });
  stopsWith("the header of a mapped block", [] {
    void* p = heap.malloc(1'000'000);
    wordsOf(p)[-2] = 64;
    heap.realloc(p, 2'000'000);
  });
}

// The size of the top stands behind the last block, where an overflow reaches it.
void anOverwrittenTop() {
  for (const std::size_t size : {std::size_t{0}, ~std::size_t{0}, std::size_t{0x41}, std::size_t{0x2000'0001}}) {
    for (const std::size_t next : {std::size_t{100}, std::size_t{3000}, std::size_t{100'000}}) {
      stopsWith("the size of the top was overwritten", [=] {
        void* last = heap.malloc(2000);
        wordsOf(last)[251] = size;
        heap.malloc(next);
        heap.malloc(next);
      });
    }
    stopsWith("the size of the top was overwritten", [=] {
      void* last = heap.malloc(24);
      wordsOf(last)[3] = size;
      heap.trim(0);
    });
  }
  stopsWith("the size of the top was overwritten", [] {
    void* last = heap.malloc(24);
    ++reinterpret_cast<unsigned char*>(last)[24];
    heap.malloc(24);
  });
}

void whatWasFreedIsNamed() {
  stopsWith("freed twice", [] {  // part of the top by then
    void* p = heap.malloc(2000);
    heap.free(p);
    heap.free(p);
  });
  stopsWith("freed twice", [] {  // part of its neighbour
    void* first = heap.malloc(2000);
    void* second = heap.malloc(2000);
    heap.malloc(2000);
    heap.free(first);
    heap.free(second);
    heap.free(second);
  });
  stopsWith("freed twice", [] {  // a mapping that is gone
    void* p = heap.malloc(1'000'000);
    heap.free(p);
    heap.free(p);
  });
  stopsWith("freed twice", [] {
    void* p = heap.memalign(std::size_t{1} << 20, 1'000'000);
    heap.free(p);
    heap.free(p);
  });
  for (const std::size_t size : {std::size_t{20}, std::size_t{2000}, std::size_t{1'000'000}}) {
    stopsWith("used after it was freed", [=] {
      void* p = heap.malloc(size);
      heap.free(p);
      heap.realloc(p, 30);
    });
  }
  // Large blocks that come and go at one address are no damage.
  for (int i = 0; i < 100; ++i) heap.free(heap.memalign(std::size_t{1} << 20, std::size_t{40} << 20));
}

void whatIsNoBlockIsNotRead() {
  const std::uintptr_t segment = std::uintptr_t{64} << 20;
  for (const std::size_t offset : {0, 16, 64, 128}) {
    stopsWith("", [=] {
      const auto in = reinterpret_cast<std::uintptr_t>(heap.malloc(24));
      heap.free(reinterpret_cast<void*>(in / segment * segment + offset));
    });
  }
}

// One word of a chunk in a bin is enough: its links are checked in both directions, whoever follows them.
void overwrittenLinks() {
  const char* const words = "the links of a free chunk were overwritten";
  for (const std::size_t value : {std::uintptr_t{0}, std::uintptr_t{0x4141'4141'4141'4141}}) {
    for (const int word : {0, 1}) {
      stopsWith(words, [=] {  // the unsorted bin
        void* p = heap.malloc(3000);
        heap.malloc(24);
        heap.free(p);
        wordsOf(p)[word] = value;
        heap.malloc(60'000);
      });
      stopsWith(words, [=] {  // a small bin
        void* p = heap.malloc(3000);
        heap.malloc(24);
        heap.free(p);
        heap.malloc(3000 - 500);  // leaves a small one
        auto* rest = static_cast<char*>(p) + 2512;
        wordsOf(rest)[word] = value;
        heap.malloc(3000 - 2512 - 16);
      });
    }
    for (const int word : {0, 1, 2, 3}) {
      stopsWith(words, [=] {  // a large bin
        void* p = heap.malloc(3000);
        heap.malloc(24);
        void* other = heap.malloc(3040);
        heap.malloc(24);
        heap.free(p);
        heap.free(other);
        heap.malloc(60'000);
        wordsOf(word == 3 ? other : p)[word] = value == 0 ? 64 : value;
        heap.free(heap.malloc(3000));
        heap.malloc(3030);
        heap.malloc(60'000);
        heap.trim(0);
      });
    }
    stopsWith(words, [=] {
      void* p = heap.malloc(100'000);
      heap.malloc(24);
      heap.free(p);
      wordsOf(p)[0] = value;
      heap.trim(0);
    });
  }
}

}  // namespace

int main() {
  RUN(overwrittenBlocks);
  RUN(whatWasFreedIsNamed);
  RUN(whatIsNoBlockIsNotRead);
  RUN(overwrittenLinks);
  RUN(anOverwrittenTop);
  return 0;
}
