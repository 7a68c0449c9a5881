// ANSIWrapper: C's rules over a heap that has none of its own.

#include "alloc8/ansi_wrapper.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "check.h"

namespace {

// Hands out memory from front to back and notes what it was asked for; takes nothing amiss and checks nothing.
class BareHeap {
 public:
  std::size_t asked = 0;
  int frees = 0;
  bool empty = false;

  void* malloc(std::size_t size) { return memalign(16, size); }
  void free(void* p) {
    CHECK(p != nullptr);
    ++frees;
  }
  void* memalign(std::size_t alignment, std::size_t size) {
    asked = size;
    const std::size_t start = (used_ + 16 + alignment - 1) & ~(alignment - 1);
    if (empty || size > sizeof bytes_ - start) return nullptr;
    used_ = start + size;
    std::memset(bytes_ + start, 0xa5, size);
    std::memcpy(bytes_ + start - sizeof size, &size, sizeof size);
    return bytes_ + start;
  }
  std::size_t getSize(void* p) {
    std::size_t size;
    std::memcpy(&size, static_cast<char*>(p) - sizeof size, sizeof size);
    return size;
  }
  void lock() {}
  void unlock() {}

 private:
  alignas(4096) char bytes_[1 << 16] = {};
  std::size_t used_ = 0;
};

// And one with a realloc of its own.
class MovingHeap : public BareHeap {
 public:
  void* realloc(void* /*p*/, std::size_t size) { return malloc(size); }
};

using Wrapped = alloc8::ANSIWrapper<BareHeap>;
static_assert(alloc8::Allocator<Wrapped> && alloc8::AllocatorWithRealloc<Wrapped>);
static_assert(Wrapped::alignment == 16 && alloc8::ANSIWrapper<BareHeap, 64>::alignment == 64);

bool at(const void* p, std::size_t alignment) { return reinterpret_cast<std::uintptr_t>(p) % alignment == 0; }

void sizesAreRoundedUp() {
  Wrapped heap;
  CHECK(heap.malloc(0) != nullptr);
  CHECK_EQUAL(heap.asked, 16);
  CHECK(heap.malloc(17) != nullptr);
  CHECK_EQUAL(heap.asked, 32);
  alloc8::ANSIWrapper<BareHeap, 64> wide;
  CHECK(wide.malloc(1) != nullptr);
  CHECK_EQUAL(wide.asked, 64);
}

void sizesNeverOverflow() {
  Wrapped heap;
  void* p = heap.malloc(100);
  heap.asked = 1;
  for (const std::size_t size : {SIZE_MAX, SIZE_MAX - 15, std::size_t{PTRDIFF_MAX}}) {
    CHECK(heap.malloc(size) == nullptr);
    CHECK(heap.calloc(1, size) == nullptr);
    CHECK(heap.realloc(p, size) == nullptr);
    CHECK(heap.memalign(64, size) == nullptr);
  }
  CHECK(heap.calloc(SIZE_MAX / 2, 3) == nullptr);
  CHECK_EQUAL(heap.asked, 1);
}

void nullIsNoBlock() {
  Wrapped heap;
  heap.free(nullptr);
  CHECK_EQUAL(heap.frees, 0);
  CHECK_EQUAL(heap.getSize(nullptr), 0);
}

void callocClears() {
  Wrapped heap;
  const auto* p = static_cast<char*>(heap.calloc(10, 10));
  for (int i = 0; i < 100; ++i) CHECK(p[i] == 0);
}

void reallocKeepsTheContents() {
  Wrapped heap;
  auto* p = static_cast<char*>(heap.realloc(nullptr, 30));
  std::memset(p, 7, 32);
  CHECK(heap.realloc(p, 32) == p);
  heap.empty = true;
  CHECK(heap.realloc(p, 33) == nullptr);
  CHECK_EQUAL(heap.frees, 0);
  heap.empty = false;
  auto* moved = static_cast<char*>(heap.realloc(p, 100));
  CHECK(moved != p);
  for (int i = 0; i < 32; ++i) CHECK(moved[i] == 7);
  CHECK_EQUAL(heap.frees, 1);
  CHECK(heap.realloc(moved, 0) == nullptr);
  CHECK_EQUAL(heap.frees, 2);
}

void aReallocOfTheHeapIsUsed() {
  alloc8::ANSIWrapper<MovingHeap> heap;
  void* p = heap.malloc(100);
  CHECK(heap.realloc(p, 10) != p);
  CHECK_EQUAL(heap.asked, 16);
}

void alignmentsAreChecked() {
  Wrapped heap;
  CHECK(at(heap.memalign(4096, 10), 4096));
  CHECK(at(heap.memalign(1, 10), 16));
  CHECK(heap.memalign(48, 10) == nullptr);
  void* out = &heap;
  CHECK_EQUAL(heap.posix_memalign(&out, 4, 10), EINVAL);
  CHECK_EQUAL(heap.posix_memalign(&out, 48, 10), EINVAL);
  CHECK_EQUAL(heap.posix_memalign(&out, 64, SIZE_MAX), ENOMEM);
  CHECK(out == &heap);
  CHECK_EQUAL(heap.posix_memalign(&out, 64, 10), 0);
  CHECK(at(out, 64));
  CHECK(heap.aligned_alloc(64, 100) == nullptr);
  CHECK(heap.aligned_alloc(0, 0) == nullptr);
  CHECK(at(heap.aligned_alloc(64, 128), 64));
}

}  // namespace

int main() {
  RUN(sizesAreRoundedUp);
  RUN(sizesNeverOverflow);
  RUN(nullIsNoBlock);
  RUN(callocClears);
  RUN(reallocKeepsTheContents);
  RUN(aReallocOfTheHeapIsUsed);
  RUN(alignmentsAreChecked);
}
