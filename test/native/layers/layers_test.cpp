// The layers: each over the simple heap is a heap, for threads too, and does what it is there for; all of them stacked
// are one as well.

#include "alloc8/layers.h"

#include <cstdint>
#include <cstring>
#include <string>

#include "alloc8/alloc8.h"
#include "child.h"
#include "conformance.h"
#include "heaps/simple/simple_heap.h"
#include "sanitizer.h"

namespace {

using namespace alloc8::layers;
using alloc8::HeapRedirect;
using alloc8::check::at;
using alloc8::check::End;
using alloc8::check::inChild;
using alloc8::check::isAHeap;
using alloc8::check::takesThreads;
using Simple = alloc8::heaps::SimpleHeap;

// Each is there before any constructor has run.
template <class T>
constexpr bool constant = alloc8::Allocator<T>&& alloc8::detail::ConstantInitialised<T>;
using FromPages = Locked<SizeClasses<MmapSource>>;
using All = FaultInjection<Zeroing<Stats<Canary<Quarantine<Guard<ThreadCache<FromPages>>>>>>>;
static_assert(constant<FromPages> && constant<All> && constant<ThreadCache<Simple>> && constant<Guard<Stats<Simple>>>);

// A layer that changes sizes closes the ways around it; others leave the heap's own open.
class Rich : public Simple {
 public:
  void* realloc(void* /*p*/, std::size_t size) { return malloc(size); }
  void free_sized(void* p, std::size_t /*size*/) { free(p); }
};
static_assert(alloc8::AllocatorWithRealloc<Locked<Rich>> && alloc8::detail::HasFreeSized<Stats<Rich>>);
static_assert(!alloc8::AllocatorWithRealloc<Locked<Simple>> && !alloc8::detail::HasFreeSized<Locked<Simple>>);
static_assert(!alloc8::AllocatorWithRealloc<Guard<Rich>> && !alloc8::detail::HasFreeSized<Canary<Rich>>);
static_assert(!alloc8::AllocatorWithRealloc<Quarantine<Rich>> && !alloc8::detail::HasStats<Guard<Rich>>);
static_assert(alloc8::detail::HasStats<Zeroing<Simple>> && alloc8::detail::HasTrim<Locked<Simple>>);
static_assert(alloc8::ThreadAwareAllocator<ThreadCache<Simple>> &&
              alloc8::ThreadAwareAllocator<Stats<ThreadCache<Simple>>>);
static_assert(alloc8::detail::followsLibcRules<ThreadCache<Simple>>());

// Who knows the heap's blocks knows nothing of those that a layer makes of them.
class Owning : public Simple {
 public:
  bool owns(void* p) { return p != nullptr; }
};
static_assert(alloc8::detail::HasOwns<Stats<Owning>> && alloc8::detail::HasOwns<Zeroing<Owning>>);
static_assert(!alloc8::detail::HasOwns<Canary<Owning>> && !alloc8::detail::HasOwns<Guard<Owning>>);

// A source that keeps no rule makes no heap that keeps them.
class Rough : public MmapSource {
 public:
  static constexpr bool followsLibcRules = false;
};
static_assert(!alloc8::detail::followsLibcRules<SizeClasses<Rough>>());
static_assert(alloc8::detail::followsLibcRules<SizeClasses<MmapSource>>());
static_assert(!alloc8::detail::followsLibcRules<Canary<Simple>>());

template <class T>
void conforms() {
  isAHeap<HeapRedirect<T>>();
  takesThreads<HeapRedirect<T>>();
}

void eachIsAHeap() {
  conforms<MmapSource>();
  conforms<FromPages>();
  conforms<Locked<Simple>>();
  conforms<ThreadCache<Simple>>();
  conforms<Zeroing<Simple>>();
  conforms<Stats<Simple>>();
  conforms<FaultInjection<Simple>>();
  conforms<Canary<Simple>>();
  conforms<Quarantine<Simple, 1 << 16, 64>>();
  conforms<Guard<Simple>>();
}

void andSoAreStacks() {
  conforms<Locked<ThreadCache<SizeClasses<MmapSource>>>>();
  conforms<Guard<Stats<Simple>>>();
  conforms<All>();
}

void whatEndsIt(End end, const char* message) {
  CHECK_EQUAL(end.signal, SIGABRT);
  CHECK_CONTAINS(end.error, message);
}

void mmapSourceGivesMappingsBack() {
  MmapSource heap;
  auto* p = static_cast<char*>(heap.malloc(100));
  CHECK(heap.getSize(p) >= 100);
  if (alloc8::check::kSanitized) return;
  CHECK_EQUAL(inChild([&] { heap.free(p), p[0] = 1; }).signal, SIGSEGV);
}

void sizeClassesReuseWhatWasFreed() {
  SizeClasses<Stats<MmapSource>> heap;
  void* p = heap.malloc(100);
  heap.free(p);
  CHECK(heap.malloc(99) == p);
  void* aligned = heap.memalign(512, 100);
  CHECK(at(aligned, 512));
  heap.free(aligned);
  for (int i = 0; i < 100000; ++i) heap.free(heap.memalign(64, 200));
  CHECK_EQUAL(heap.counts().allocations, 1);
  void* large = heap.malloc(100000);
  CHECK_EQUAL(heap.counts().liveBlocks, 2);
  heap.free(large);
  CHECK_EQUAL(heap.counts().liveBlocks, 1);
}

void threadCacheNeedsNoLockForWhatItHas() {
  ThreadCache<Stats<Simple>> heap;
  void* p = heap.malloc(40);
  const std::size_t filled = heap.counts().allocations;
  CHECK_EQUAL(filled, 16);
  for (int i = 0; i < 1000; ++i) {
    heap.free(p);
    CHECK(heap.malloc(33) == p);
  }
  CHECK_EQUAL(heap.counts().allocations, filled);
  heap.free(p);
  // More than a list holds go to the heap, by half a list.
  void* many[200];
  for (void*& each : many) each = heap.malloc(40);
  for (void* each : many) heap.free(each);
  CHECK(heap.counts().liveBlocks <= 64);
  heap.threadCleanup();
  CHECK_EQUAL(heap.counts().liveBlocks, 0);
  heap.free(heap.malloc(40));
  CHECK_EQUAL(heap.counts().liveBlocks, 0);
  heap.threadInit();
}

void zeroingClearsAllThatCanBeUsed() {
  Zeroing<Simple> heap;
  for (int i = 0; i < 3; ++i) {
    auto* p = static_cast<char*>(heap.malloc(100));
    auto* aligned = static_cast<char*>(heap.memalign(256, 100));
    for (std::size_t byte = 0; byte < heap.getSize(p); ++byte) CHECK(p[byte] == 0);
    for (std::size_t byte = 0; byte < heap.getSize(aligned); ++byte) CHECK(aligned[byte] == 0);
    std::memset(p, 7, heap.getSize(p));
    std::memset(aligned, 7, heap.getSize(aligned));
    heap.free(p);
    heap.free(aligned);
  }
}

void statsCountWhatGoesThrough() {
  Stats<Rich> heap;
  void* p = heap.malloc(100);
  void* q = heap.calloc(10, 10);
  const std::size_t both = heap.getSize(p) + heap.getSize(q);
  CHECK_EQUAL(heap.counts().liveBytes, both);
  CHECK_EQUAL(heap.stats().liveBlocks, 2);
  CHECK(heap.stats().systemBytes >= both);
  heap.free_sized(q, 100);
  p = heap.realloc(p, 1000);
  CHECK_EQUAL(heap.counts().liveBlocks, 1);
  CHECK_EQUAL(heap.counts().liveBytes, heap.getSize(p));
  heap.free(p);
  heap.free(nullptr);
  CHECK(heap.malloc(SIZE_MAX) == nullptr);
  const Counts counts = heap.counts();
  CHECK_EQUAL(counts.allocations, 3);
  CHECK_EQUAL(counts.frees, 3);
  CHECK_EQUAL(counts.failures, 1);
  CHECK_EQUAL(counts.liveBytes, 0);
  CHECK(counts.peakBytes >= 1000);
}

void faultsAreWhatIsAskedFor() {
  FaultInjection<Simple, Faults{.nth = 3}> heap;
  for (int i = 1; i < 6; ++i) CHECK_EQUAL(heap.malloc(10) == nullptr, i == 3);
  heap.inject({.every = 4});
  for (int i = 1; i < 20; ++i) CHECK_EQUAL(heap.memalign(64, 10) == nullptr, i % 4 == 0);
  FaultInjection<Simple> fresh;
  fresh.inject({.budgetBytes = 1000});
  void* p = fresh.malloc(600);
  CHECK(p != nullptr && fresh.malloc(600) == nullptr);
  fresh.free(p);
  CHECK(fresh.malloc(600) != nullptr);
  CHECK_EQUAL(fresh.calls(), 3);
  // What counts is what can be used, which may be more than what was asked for.
  FaultInjection<Simple> exact;
  exact.inject({.budgetBytes = 1000});
  CHECK(exact.malloc(1000) == nullptr);
  exact.inject({.budgetBytes = 1024});
  CHECK(exact.malloc(1000) != nullptr && exact.malloc(0) == nullptr);
  fresh.inject({});
  CHECK(fresh.malloc(100000) != nullptr);
}

void canarySeesWritesBeyondBothEnds() {
  Canary<Simple> heap;
  auto* p = static_cast<char*>(heap.malloc(21));
  CHECK_EQUAL(heap.getSize(p), 21);
  whatEndsIt(inChild([&] { p[21] = 'x', heap.free(p); }), "canary: written behind the end of this block: 0x");
  for (const int before : {-1, -12, -20, -30}) {
    whatEndsIt(inChild([&] { p[before] ^= 'x', heap.free(p); }), "canary: written before the beginning of this block");
  }
  whatEndsIt(inChild([&] { heap.free(p), heap.free(p); }), "canary: this block was freed before");
  whatEndsIt(inChild([&] { heap.free(p + 16); }), "or it is none");
  heap.free(p);
}

void quarantineSeesWhatComesTooLate() {
  Quarantine<Simple, 4096, 8> heap;
  auto* p = static_cast<unsigned char*>(heap.malloc(40));
  heap.free(p);
  CHECK(p[0] == 0xdb && p[39] == 0xdb);
  CHECK(heap.malloc(40) != p);
  whatEndsIt(inChild([&] { heap.free(p); }), "quarantine: this block was freed before: 0x");
  const auto drive = [&] {
    for (int i = 0; i < 10; ++i) heap.free(heap.malloc(40));
  };
  whatEndsIt(inChild([&] { p[3] = 1, drive(); }), "quarantine: written after it was freed: 0x");
  drive();
  CHECK_EQUAL(heap.kept(), 8);
  CHECK(heap.empty() && heap.kept() == 0 && !heap.empty());
  // One that merely looks like a freed one is the program's own.
  auto* own = static_cast<unsigned char*>(heap.malloc(40));
  std::memset(own, 0xdb, 40);
  heap.free(own);
}

void quarantineGivesUpWhatIsNeeded() {
  Quarantine<FaultInjection<Simple>, 4096, 8> heap;
  heap.inject({.budgetBytes = 1000});
  for (int i = 0; i < 20; ++i) {
    void* p = heap.malloc(600);
    CHECK(p != nullptr);
    heap.free(p);
  }
}

void guardStopsTheFirstByteBeyond() {
  Guard<Stats<Simple>> heap;
  for (const std::size_t size : {std::size_t{16}, std::size_t{4096}, std::size_t{100000}}) {
    auto* p = static_cast<char*>(heap.malloc(size));
    CHECK_EQUAL(heap.getSize(p), size);
    std::memset(p, 1, size);
    if (!alloc8::check::kSanitized) {
      CHECK_EQUAL(inChild([&] { p[size] = 1; }).signal, SIGSEGV);
      CHECK_EQUAL(inChild([&] { heap.malloc(p[size]); }).signal, SIGSEGV);
    }
    whatEndsIt(inChild([&] { p[-5] = 1, heap.free(p); }), "guard: written before the beginning of this block");
    heap.free(p);
  }
  // Alignment comes first: 15 bytes at most are left.
  CHECK(heap.getSize(heap.malloc(1)) <= 16);
  CHECK_EQUAL(heap.unguarded(), 0);
  CHECK_EQUAL(heap.counts().liveBlocks, 1);
}

}  // namespace

int main() {
  RUN(mmapSourceGivesMappingsBack);
  RUN(sizeClassesReuseWhatWasFreed);
  RUN(threadCacheNeedsNoLockForWhatItHas);
  RUN(zeroingClearsAllThatCanBeUsed);
  RUN(statsCountWhatGoesThrough);
  RUN(faultsAreWhatIsAskedFor);
  RUN(canarySeesWritesBeyondBothEnds);
  RUN(quarantineSeesWhatComesTooLate);
  RUN(quarantineGivesUpWhatIsNeeded);
  RUN(guardStopsTheFirstByteBeyond);
  RUN(eachIsAHeap);
  RUN(andSoAreStacks);
}
