// libc's rules over heaps that break them: what malloc and its kin promise must hold whatever stands behind them.

#include "alloc8/detail/libc_rules.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "bad_bridge.h"
#include "check.h"
#include "child.h"

namespace {

using alloc8::check::BadBridge;
using alloc8::check::heap;
using alloc8::check::inChild;
using alloc8::check::useHeap;
using Rules = alloc8::detail::LibcRules<BadBridge<false>>;
using TrustingRules = alloc8::detail::LibcRules<BadBridge<true>>;  // over a heap that keeps the rules by itself

constexpr int kErrno = 4242;
constexpr std::size_t kHuge = static_cast<std::size_t>(PTRDIFF_MAX) + 1;

bool at(const void* p, std::size_t alignment) { return reinterpret_cast<std::uintptr_t>(p) % alignment == 0; }

// Null with ENOMEM, after errno was something else.
#define CHECK_REFUSED(...)           \
  do {                               \
    errno = kErrno;                  \
    CHECK((__VA_ARGS__) == nullptr); \
    CHECK_EQUAL(errno, ENOMEM);      \
  } while (0)

void whatTheHeapGivesIsPassedOn() {
  useHeap({});
  errno = kErrno;
  void* p = Rules::malloc(100);
  CHECK(heap.live.contains(p));
  CHECK_EQUAL(heap.last, "malloc 100");
  p = Rules::calloc(3, 5);
  CHECK(heap.live.contains(p));
  CHECK_EQUAL(heap.last, "calloc 3 5");
  p = Rules::realloc(p, 50);
  CHECK(heap.live.contains(p));
  CHECK_EQUAL(heap.last, "realloc 50");
  p = Rules::reallocarray(p, 7, 11);
  CHECK_EQUAL(heap.last, "realloc 77");
  CHECK_EQUAL(Rules::usableSize(p), 77);
  CHECK(at(Rules::memalign(256, 9), 256));
  CHECK_EQUAL(heap.last, "memalign 256 9");
}

void noMemoryIsEnomem() {
  useHeap({});
  void* p = Rules::malloc(10);
  std::memcpy(p, "contents", 9);
  heap.givesNothing = true;
  CHECK_REFUSED(Rules::malloc(1));
  CHECK_REFUSED(Rules::malloc(0));
  CHECK_REFUSED(Rules::calloc(2, 3));
  CHECK_REFUSED(Rules::calloc(0, 3));
  CHECK_REFUSED(Rules::memalign(64, 1));
  CHECK_REFUSED(Rules::memalign(64, 0));
  CHECK_REFUSED(Rules::memalign(8, 1));
  CHECK_REFUSED(Rules::pvalloc(1));
  CHECK_REFUSED(Rules::realloc(p, 20));
  CHECK_REFUSED(Rules::reallocarray(p, 2, 20));
  CHECK_EQUAL(std::string(static_cast<char*>(p)), "contents");
  CHECK_EQUAL(heap.frees, 0);
}

void hugeSizesAreRefusedBeforeTheHeapIsAsked() {
  useHeap({});
  void* p = Rules::malloc(10);
  const int calls = heap.calls;
  for (const std::size_t size : {kHuge, SIZE_MAX - 4096, SIZE_MAX}) {
    CHECK_REFUSED(Rules::malloc(size));
    CHECK_REFUSED(Rules::calloc(1, size));
    CHECK_REFUSED(Rules::calloc(size, 1));
    CHECK_REFUSED(Rules::realloc(p, size));
    CHECK_REFUSED(Rules::realloc(nullptr, size));
    CHECK_REFUSED(Rules::reallocarray(p, size, 1));
    CHECK_REFUSED(Rules::memalign(8, size));
    CHECK_REFUSED(Rules::memalign(64, size));
    CHECK_REFUSED(Rules::pvalloc(size));
    void* out = p;
    CHECK_EQUAL(Rules::posixMemalign(&out, 64, size), ENOMEM);
  }
  CHECK_REFUSED(Rules::memalign(64, PTRDIFF_MAX - 63));  // with its alignment it is too large
  CHECK_REFUSED(Rules::pvalloc(PTRDIFF_MAX - 1));
  CHECK_EQUAL(heap.calls, calls);
  CHECK_REFUSED(Rules::malloc(PTRDIFF_MAX));  // the largest that a heap may be asked for
  CHECK_EQUAL(heap.largestAsked, PTRDIFF_MAX);
}

void productsDoNotWrap() {
  useHeap({});
  void* p = Rules::malloc(10);
  const int calls = heap.calls;
  const std::size_t half = SIZE_MAX / 2 + 1;
  CHECK_REFUSED(Rules::calloc(half, 2));
  CHECK_REFUSED(Rules::calloc(2, half));
  CHECK_REFUSED(Rules::calloc(SIZE_MAX, SIZE_MAX));
  CHECK_REFUSED(Rules::calloc(std::size_t{1} << 32, std::size_t{1} << 32));
  CHECK_REFUSED(Rules::calloc(std::size_t{1} << 32, std::size_t{1} << 31));  // no wrap, but above PTRDIFF_MAX
  CHECK_REFUSED(Rules::reallocarray(p, half, 2));
  CHECK_REFUSED(Rules::reallocarray(nullptr, half, 2));
  CHECK_REFUSED(Rules::reallocarray(p, std::size_t{1} << 32, std::size_t{1} << 31));
  CHECK_EQUAL(heap.calls, calls);
}

void zeroBytesAreABlockOfTheirOwn() {
  for (const bool zeroIsNull : {false, true}) {
    for (const bool misaligned : {false, true}) {
      useHeap({.zeroIsNull = zeroIsNull, .misaligned = misaligned, .memalignOfZeroIsNull = true});
      errno = kErrno;
      void* blocks[] = {Rules::malloc(0),           Rules::calloc(0, 8),    Rules::calloc(8, 0),
                        Rules::realloc(nullptr, 0), Rules::memalign(64, 0), Rules::memalign(8, 0)};
      for (void* p : blocks) {
        CHECK(p != nullptr);
        CHECK(at(p, 16));
        CHECK(heap.live.contains(p));
      }
      CHECK_EQUAL(heap.live.size(), std::size(blocks));  // unique, and none left behind
      for (void* p : blocks) Rules::free(p);
      CHECK(heap.live.empty());
    }
  }
}

void freeKeepsErrnoAndNullFromTheHeap() {
  useHeap({});
  errno = kErrno;
  Rules::free(nullptr);
  Rules::freeSized(nullptr, 5);
  Rules::freeAlignedSized(nullptr, 64, 5);
  CHECK_EQUAL(heap.calls, 0);
  void* a = Rules::malloc(1);
  void* b = Rules::malloc(2);
  void* c = Rules::memalign(64, 3);
  void* d = Rules::malloc(4);
  errno = kErrno;
  Rules::free(a);
  CHECK_EQUAL(heap.last, "free 0");
  Rules::freeSized(b, 2);
  CHECK_EQUAL(heap.last, "freeSized 2");
  Rules::freeAlignedSized(c, 64, 3);
  CHECK_EQUAL(heap.last, "freeAlignedSized 64 3");
  CHECK(Rules::realloc(d, 0) == nullptr);  // frees, as glibc does, and that is no failure
  CHECK_EQUAL(errno, kErrno);
  CHECK(heap.live.empty());
}

void misalignedBlocksAreReplaced() {
  useHeap({.misaligned = true});
  void* p = Rules::malloc(100);
  CHECK(at(p, 16));
  auto* zeroed = static_cast<char*>(Rules::calloc(10, 10));
  CHECK(zeroed != nullptr);
  CHECK(at(zeroed, 16));
  for (int i = 0; i < 100; ++i) CHECK_EQUAL(zeroed[i], 0);
  std::memcpy(zeroed, "contents", 9);
  for (const std::size_t size : {1000, 50, 9}) {
    zeroed = static_cast<char*>(Rules::realloc(zeroed, size));
    CHECK(zeroed != nullptr);
    CHECK(at(zeroed, 16));
    CHECK_EQUAL(std::string(zeroed), "contents");
    CHECK(Rules::usableSize(zeroed) >= size);
  }
  CHECK(at(Rules::reallocarray(nullptr, 3, 3), 16));
  CHECK(at(Rules::memalign(1, 10), 16));
  void* out = nullptr;
  CHECK_EQUAL(Rules::posixMemalign(&out, 8, 10), 0);
  CHECK(at(out, 16));
  CHECK_EQUAL(heap.live.size(), 5);  // what was replaced went back to the heap
}

void aMisalignedBlockThatCannotBeReplacedIsNoMemory() {
  useHeap({.misaligned = true, .memalignGivesNothing = true});
  CHECK_REFUSED(Rules::malloc(10));
  CHECK_REFUSED(Rules::malloc(0));
  CHECK_REFUSED(Rules::calloc(1, 10));
  CHECK(heap.live.empty());
}

// Null would say that the old block is still there, and it is not.
void aReallocThatCannotBeRealignedKeepsTheContents() {
  useHeap({});
  void* p = Rules::malloc(10);
  std::memcpy(p, "contents", 9);
  heap.misaligned = heap.memalignGivesNothing = true;
  p = Rules::realloc(p, 500);
  CHECK(p != nullptr);
  CHECK_EQUAL(std::string(static_cast<char*>(p)), "contents");
  CHECK_EQUAL(heap.live.size(), 1);
}

void aHeapThatNeverAlignsIsNamed() {
  useHeap({.misaligned = true, .ignoresAlignment = true});
  for (void (*call)() : {+[] { Rules::malloc(10); }, +[] { Rules::calloc(1, 10); }}) {
    const auto end = inChild(call);
    CHECK_EQUAL(end.signal, SIGABRT);
    CHECK_CONTAINS(end.error, "alloc8: the heap gives blocks that are not at a multiple of 16");
  }
}

void aHeapThatIgnoresAlignmentHasNoMemory() {
  useHeap({.ignoresAlignment = true});
  CHECK_REFUSED(Rules::memalign(64, 100));
  CHECK_REFUSED(Rules::pvalloc(100));
  void* out = &out;
  CHECK_EQUAL(Rules::posixMemalign(&out, 64, 100), ENOMEM);
  CHECK(out == &out);
  CHECK(heap.live.empty());
}

// As glibc 2.36: an alignment that is no power of two is rounded up, one that cannot be is EINVAL.
void memalignTakesEveryAlignment() {
  useHeap({});
  for (const std::size_t alignment : {0, 1, 3, 8, 15, 16}) {
    CHECK(at(Rules::memalign(alignment, 10), 16));
    CHECK_EQUAL(heap.last, "malloc 10");
  }
  CHECK(at(Rules::memalign(17, 10), 32));
  CHECK_EQUAL(heap.last, "memalign 32 10");
  CHECK(at(Rules::memalign(4097, 10), 8192));
  CHECK_REFUSED(Rules::memalign(std::size_t{1} << 63, 10));
  CHECK_REFUSED(Rules::memalign((std::size_t{1} << 62) + 1, 10));
  for (const std::size_t alignment : {(std::size_t{1} << 63) + 1, SIZE_MAX}) {
    errno = kErrno;
    CHECK(Rules::memalign(alignment, 10) == nullptr);
    CHECK_EQUAL(errno, EINVAL);
  }
}

void posixMemalignChecksItsArguments() {
  useHeap({});
  void* out = &out;
  errno = kErrno;
  for (const std::size_t alignment : {std::size_t{0}, std::size_t{1}, std::size_t{4}, std::size_t{12}, std::size_t{24},
                                      std::size_t{48}, SIZE_MAX, (std::size_t{1} << 63) + 8}) {
    CHECK_EQUAL(Rules::posixMemalign(&out, alignment, 10), EINVAL);
  }
  CHECK_EQUAL(Rules::posixMemalign(&out, std::size_t{1} << 63, 10), ENOMEM);
  CHECK(out == &out);
  CHECK_EQUAL(heap.calls, 0);
  for (std::size_t alignment = sizeof(void*); alignment <= 65536; alignment *= 2) {
    CHECK_EQUAL(Rules::posixMemalign(&out, alignment, 10), 0);
    CHECK(at(out, alignment));
    CHECK(heap.live.contains(out));
  }
  heap.givesNothing = true;
  void* before = out;
  CHECK_EQUAL(Rules::posixMemalign(&out, 8, 10), ENOMEM);
  CHECK_EQUAL(Rules::posixMemalign(&out, 64, 10), ENOMEM);
  CHECK(out == before);
  CHECK_EQUAL(errno, kErrno);
}

void pvallocGivesWholePages() {
  useHeap({});
  const std::size_t page = alloc8::pages::size();
  for (const std::size_t size : {std::size_t{1}, page - 1, page, page + 1}) {
    void* p = Rules::pvalloc(size);
    CHECK(at(p, page));
    CHECK_EQUAL(Rules::usableSize(p), (size + page - 1) / page * page);
  }
  CHECK(at(Rules::pvalloc(0), page));
}

void nothingIsZeroBytesLarge() {
  useHeap({});
  CHECK_EQUAL(Rules::usableSize(nullptr), 0);
  CHECK_EQUAL(heap.calls, 0);
}

// A heap that promises to keep the rules is not checked twice: that is what the promise is for.
void aPromiseLeavesTheChecksOut() {
  useHeap({.misaligned = true});
  void* p = TrustingRules::malloc(10);
  CHECK(!at(p, 16));
  CHECK_EQUAL(heap.calls, 1);
  TrustingRules::free(p);
  CHECK_EQUAL(errno, 4343);  // the heap's own doing
  TrustingRules::free(nullptr);
  CHECK_EQUAL(heap.calls, 3);
  TrustingRules::freeSized(nullptr, 1);
  TrustingRules::freeAlignedSized(nullptr, 16, 1);
  CHECK_EQUAL(heap.calls, 5);
  CHECK_REFUSED(TrustingRules::malloc(kHuge));        // the heap's null still sets errno
  CHECK_REFUSED(TrustingRules::calloc(SIZE_MAX, 2));  // a product is never the heap's business
}

}  // namespace

int main() {
  RUN(whatTheHeapGivesIsPassedOn);
  RUN(noMemoryIsEnomem);
  RUN(hugeSizesAreRefusedBeforeTheHeapIsAsked);
  RUN(productsDoNotWrap);
  RUN(zeroBytesAreABlockOfTheirOwn);
  RUN(freeKeepsErrnoAndNullFromTheHeap);
  RUN(misalignedBlocksAreReplaced);
  RUN(aMisalignedBlockThatCannotBeReplacedIsNoMemory);
  RUN(aReallocThatCannotBeRealignedKeepsTheContents);
  RUN(aHeapThatNeverAlignsIsNamed);
  RUN(aHeapThatIgnoresAlignmentHasNoMemory);
  RUN(memalignTakesEveryAlignment);
  RUN(posixMemalignChecksItsArguments);
  RUN(pvallocGivesWholePages);
  RUN(nothingIsZeroBytesLarge);
  RUN(aPromiseLeavesTheChecksOut);
  useHeap({});
}
