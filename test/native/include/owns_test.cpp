// HeapRedirect over a heap that knows its own pointers: what is not its own goes to the allocator behind us, which is
// libc's here, and is counted.

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <malloc.h>

#include "alloc8/alloc8.h"
#include "alloc8/detail/foreign.h"
#include "check.h"
#include "test_heaps.h"

namespace {

using alloc8::HeapRedirect;
using alloc8::check::FullHeap;
using alloc8::detail::foreignCount;

// Hands out a buffer of its own, front to back.
template <class Base>
class OwningHeap : public Base {
 public:
  using Base::calls;

  bool owns(const void* p) {
    return reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(buffer) < sizeof buffer;
  }
  void* malloc(std::size_t size) { return memalign(16, size); }
  void* memalign(std::size_t alignment, std::size_t size) {
    ++calls.malloc;
    char* block = buffer + (used + 16 + alignment - 1) / alignment * alignment;
    used = static_cast<std::size_t>(block - buffer) + size;
    CHECK(used <= sizeof buffer);
    std::memcpy(block - sizeof size, &size, sizeof size);
    return block;
  }
  void free(void* p) {
    CHECK(p == nullptr || owns(p));
    ++calls.free;
  }
  std::size_t getSize(void* p) {
    CHECK(owns(p));
    std::size_t size;
    std::memcpy(&size, static_cast<char*>(p) - sizeof size, sizeof size);
    return size;
  }

 private:
  alignas(4096) char buffer[65536] = {};
  std::size_t used = 0;
};

struct PlainTag;
struct SizedTag;
using Redirect = HeapRedirect<OwningHeap<alloc8::check::PlainHeap<PlainTag>>>;
static_assert(Redirect::hasOwns);

// A foreign block, hidden from the compiler, which knows malloc and free and would pair them itself.
char* foreignBlock(std::size_t size) {
  void* volatile p = std::malloc(size);
  std::memset(p, 'f', size);
  return static_cast<char*>(p);
}

void ownPointersAreNotCounted() {
  const std::size_t before = foreignCount();
  void* p = Redirect::malloc(100);
  CHECK(Redirect::getHeap()->owns(p));
  CHECK_EQUAL(Redirect::getSize(p), 100);
  p = Redirect::realloc(p, 200);
  Redirect::free(p);
  Redirect::free(nullptr);
  Redirect::free_sized(nullptr, 1);
  CHECK_EQUAL(foreignCount(), before);
}

void foreignPointersGoHomeAndAreCounted() {
  const std::size_t before = foreignCount();
  const int frees = Redirect::AllocatorType::calls.free;
  char* blocks[] = {foreignBlock(10), foreignBlock(1000), foreignBlock(1'000'000)};
  errno = 4242;
  for (char* p : blocks) {
    CHECK_EQUAL(Redirect::getSize(p), malloc_usable_size(p));
    Redirect::free(p);
  }
  CHECK_EQUAL(errno, 4242);
  CHECK_EQUAL(foreignCount() - before, 3);
  CHECK_EQUAL(Redirect::AllocatorType::calls.free, frees);
  Redirect::free_sized(foreignBlock(10), 10);
  Redirect::free_aligned_sized(foreignBlock(10), 16, 10);
  CHECK_EQUAL(foreignCount() - before, 5);
}

void foreignPointersMoveInWhenReallocated() {
  for (const std::size_t size : {10, 90, 100, 3000}) {
    const std::size_t before = foreignCount();
    auto* p = static_cast<char*>(Redirect::realloc(foreignBlock(100), size));
    CHECK(Redirect::getHeap()->owns(p));
    CHECK_EQUAL(Redirect::getSize(p), size);
    for (std::size_t i = 0; i < size && i < 100; ++i) CHECK_EQUAL(p[i], 'f');
    CHECK_EQUAL(foreignCount() - before, 1);
    Redirect::free(p);
  }
}

// Takes blocks of even sizes by the short way.
struct ShortTag;
class ShortWay : public OwningHeap<alloc8::check::PlainHeap<ShortTag>> {
 public:
  static inline int tried = 0;
  static inline int taken = 0;
  bool tryFree(void* p) {
    ++tried;
    if (p == nullptr || !owns(p) || getSize(p) % 2 != 0) return false;
    ++taken;
    return true;
  }
};

void theShortWayThroughFreeComesFirst() {
  using Short = HeapRedirect<ShortWay>;
  const std::size_t before = foreignCount();
  Short::free(Short::malloc(100));
  CHECK_EQUAL(ShortWay::tried, 1);
  CHECK_EQUAL(ShortWay::taken, 1);
  CHECK_EQUAL(ShortWay::calls.free, 0);
  Short::free(Short::malloc(101));
  CHECK_EQUAL(ShortWay::taken, 1);
  CHECK_EQUAL(ShortWay::calls.free, 1);
  CHECK_EQUAL(foreignCount(), before);
  Short::free(foreignBlock(100));
  CHECK_EQUAL(foreignCount(), before + 1);
  CHECK_EQUAL(ShortWay::calls.free, 1);
  Short::free(nullptr);
  CHECK_EQUAL(foreignCount(), before + 1);
}

// The heap's own realloc and sized frees must not see what is not the heap's.
void optionalMethodsSeeOwnPointersOnly() {
  using Sized = HeapRedirect<OwningHeap<FullHeap<SizedTag>>>;
  const auto& calls = Sized::AllocatorType::calls;
  const std::size_t before = foreignCount();
  void* p = Sized::realloc(foreignBlock(100), 50);
  CHECK(Sized::getHeap()->owns(p));
  Sized::free_sized(foreignBlock(10), 10);
  Sized::free_aligned_sized(foreignBlock(10), 16, 10);
  CHECK_EQUAL(calls.realloc + calls.freeSized + calls.freeAlignedSized, 0);
  CHECK_EQUAL(foreignCount() - before, 3);
}

}  // namespace

int main() {
  RUN(ownPointersAreNotCounted);
  RUN(foreignPointersGoHomeAndAreCounted);
  RUN(theShortWayThroughFreeComesFirst);
  RUN(foreignPointersMoveInWhenReallocated);
  RUN(optionalMethodsSeeOwnPointersOnly);
}
