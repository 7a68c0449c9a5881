// HeapRedirect: heaps that are there from the start, heaps that are built, and what it fills in for the methods that a
// heap leaves out. owns_test.cpp has heaps that know their own pointers.

#include "alloc8/heap_redirect.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <unistd.h>

#include "check.h"
#include "child.h"
#include "test_heaps.h"

namespace {

using alloc8::HeapRedirect;
using alloc8::check::FullHeap;
using alloc8::check::inChild;
using alloc8::check::LazyHeap;
using alloc8::check::PlainHeap;
using Arena = alloc8::detail::BootstrapArena;

bool at(const void* p, std::size_t alignment) { return reinterpret_cast<std::uintptr_t>(p) % alignment == 0; }

// --- constant-initialised heaps ---------------------------------------------------------------------------------

using Constant = HeapRedirect<PlainHeap<struct ConstantTag>>;
static_assert(Constant::alwaysReady && !Constant::hasOwns && !Constant::followsLibcRules);

// Used before any constructor of this file has run.
void* early = nullptr;
__attribute__((constructor(101))) void beforeConstructors() { early = Constant::malloc(10); }

void aConstantHeapWorksBeforeConstructors() {
  CHECK(early != nullptr);
  Constant::free(early);
  CHECK_EQUAL(Constant::AllocatorType::calls.malloc, 1);
  CHECK_EQUAL(Constant::AllocatorType::calls.free, 1);
}

void whatTheHeapHasIsCalled() {
  using Redirect = HeapRedirect<FullHeap<struct CalledTag>>;
  using Heap = Redirect::AllocatorType;
  const auto& calls = Heap::calls;
  void* p = Redirect::malloc(10);
  CHECK_EQUAL(calls.malloc, 1);
  p = Redirect::realloc(p, 1000);
  CHECK_EQUAL(calls.realloc, 1);
  CHECK(Redirect::getSize(p) >= 1000);
  CHECK_EQUAL(calls.getSize, 1);
  Redirect::free_sized(p, 1000);
  CHECK_EQUAL(calls.freeSized, 1);
  CHECK_EQUAL(Heap::lastSize, 1000);
  p = Redirect::memalign(64, 100);
  CHECK_EQUAL(calls.memalign, 1);
  Redirect::free_aligned_sized(p, 64, 100);
  CHECK_EQUAL(calls.freeAlignedSized, 1);
  CHECK_EQUAL(Heap::lastSize, 100);
  CHECK_EQUAL(Heap::lastAlignment, 64);
  Redirect::free(Redirect::calloc(3, 7));
  CHECK_EQUAL(calls.calloc, 1);
  CHECK_EQUAL(calls.free, 1);
  alloc8::HeapStats stats;
  CHECK(Redirect::stats(&stats));
  CHECK_EQUAL(stats.liveBytes, 3);
  CHECK_EQUAL(Redirect::trim(5), 6);
  CHECK(Redirect::forkChild());
  CHECK_EQUAL(calls.forkChild, 1);
  Redirect::lock();
  Redirect::unlock();
  CHECK_EQUAL(calls.lock + calls.unlock, 2);
}

void whatTheHeapLacksIsFilledIn() {
  using Redirect = HeapRedirect<PlainHeap<struct LackingTag>>;
  const auto& calls = Redirect::AllocatorType::calls;
  auto* p = static_cast<char*>(Redirect::calloc(10, 100));  // over blocks full of rubbish
  for (int i = 0; i < 1000; ++i) CHECK_EQUAL(p[i], 0);
  CHECK_EQUAL(calls.malloc, 1);
  Redirect::free_sized(p, 1000);
  Redirect::free_aligned_sized(Redirect::memalign(64, 1), 64, 1);
  CHECK_EQUAL(calls.free, 2);
  alloc8::HeapStats stats{.liveBytes = 77};
  CHECK(!Redirect::stats(&stats));
  CHECK_EQUAL(stats.liveBytes, 77);
  CHECK_EQUAL(Redirect::trim(0), 0);
  CHECK(!Redirect::forkChild());  // the caller must unlock it instead
}

void reallocMovesWhatDoesNotFit() {
  using Redirect = HeapRedirect<PlainHeap<struct MovingTag>>;
  const auto& calls = Redirect::AllocatorType::calls;
  auto* p = static_cast<char*>(Redirect::malloc(1000));
  for (int i = 0; i < 1000; ++i) p[i] = static_cast<char>(i);
  const std::size_t usable = Redirect::getSize(p);
  CHECK(Redirect::realloc(p, usable) == p);  // fits
  CHECK(Redirect::realloc(p, usable / 2) == p);
  CHECK_EQUAL(calls.free, 0);
  auto* larger = static_cast<char*>(Redirect::realloc(p, 5000));
  CHECK(larger != p);
  CHECK_EQUAL(calls.free, 1);
  auto* smaller = static_cast<char*>(Redirect::realloc(larger, 600));  // under half: the rest would lie idle
  CHECK(smaller != larger);
  CHECK(Redirect::getSize(smaller) < 1000);
  CHECK_EQUAL(calls.free, 2);
  for (int i = 0; i < 600; ++i) CHECK_EQUAL(smaller[i], static_cast<char>(i));
  CHECK(Redirect::realloc(smaller, PTRDIFF_MAX) == nullptr);  // no memory: the block stays
  CHECK_EQUAL(calls.free, 2);
  CHECK_EQUAL(smaller[599], static_cast<char>(599));
  Redirect::free(smaller);
}

// A heap that has only so much left, and is asked for more than it needs to have.
class FullUpHeap : public PlainHeap<struct FullUpTag> {
 public:
  void* malloc(std::size_t size) { return size > room ? nullptr : PlainHeap::malloc(size); }
  static inline std::size_t room = SIZE_MAX;
};

void whatGrowsInStepsIsNotCopiedAtEach() {
  using Redirect = HeapRedirect<FullUpHeap>;
  auto* p = static_cast<char*>(Redirect::malloc(100'000));
  std::memset(p, 'p', 100'000);
  p = static_cast<char*>(Redirect::realloc(p, 101'000));
  CHECK(Redirect::getSize(p) >= 150'000);
  CHECK(Redirect::realloc(p, 149'000) == p);
  FullUpHeap::room = 160'000;  // none for half as much again
  p = static_cast<char*>(Redirect::realloc(p, 160'000));
  CHECK(p != nullptr);
  for (int i = 0; i < 100'000; ++i) CHECK_EQUAL(p[i], 'p');
  FullUpHeap::room = SIZE_MAX;
  Redirect::free(p);
}

void shrinkingNeverFails() {
  using Redirect = HeapRedirect<FullUpHeap>;
  void* p = Redirect::malloc(100'000);
  FullUpHeap::room = 0;
  CHECK(Redirect::realloc(p, 100) == p);
  CHECK(Redirect::realloc(p, 1) == p);
  CHECK(Redirect::realloc(p, 200'000) == nullptr);
  FullUpHeap::room = SIZE_MAX;
  Redirect::free(p);
}

// --- heaps that are built ---------------------------------------------------------------------------------------

void aHeapIsBuiltByItsFirstUserAndStays() {
  using Redirect = HeapRedirect<LazyHeap<struct StayingTag>>;
  static_assert(!Redirect::alwaysReady);
  CHECK_EQUAL(Redirect::AllocatorType::built, 0);
  Redirect::free(Redirect::malloc(1));
  Redirect::free(Redirect::malloc(1));
  CHECK_EQUAL(Redirect::AllocatorType::built, 1);
  CHECK_EQUAL(Redirect::AllocatorType::calls.malloc, 2);
  const auto end = inChild([] { std::exit(0); });
  CHECK_EQUAL(end.error, "");
  CHECK_EQUAL(end.status, 0);
}

// A constructor that allocates through the redirect it is being built for, in every way, and keeps some of it.
class AllocatingHeap : public PlainHeap<struct AllocatingTag> {
 public:
  AllocatingHeap();

  char* kept;
  char* zeroed;
  char* grown;
  void* aligned;
};

using Allocating = HeapRedirect<AllocatingHeap>;

AllocatingHeap::AllocatingHeap() {
  using Redirect = Allocating;
  CHECK(Redirect::getHeap() == nullptr);
  kept = static_cast<char*>(Redirect::malloc(100));
  std::memset(kept, 'k', 100);
  zeroed = static_cast<char*>(Redirect::calloc(50, 2));
  for (int i = 0; i < 100; ++i) CHECK_EQUAL(zeroed[i], 0);
  grown = static_cast<char*>(Redirect::malloc(10));
  std::memcpy(grown, "grown", 6);
  grown = static_cast<char*>(Redirect::realloc(grown, 10'000));
  aligned = Redirect::memalign(4096, 10);
  Redirect::free(Redirect::malloc(10));
  Redirect::free_sized(Redirect::malloc(10), 10);
  Redirect::free_aligned_sized(Redirect::memalign(64, 10), 64, 10);
  CHECK_EQUAL(Redirect::getSize(kept), 100);
  Redirect::lock();
  Redirect::unlock();
  alloc8::HeapStats stats;
  CHECK(!Redirect::stats(&stats));
  CHECK_EQUAL(Redirect::trim(0), 0);
  CHECK(!Redirect::forkChild());
  static int mine = 0;
  int* volatile stranger = &mine;  // nobody's block, and there is no heap yet that could say so
  Redirect::free(stranger);
  CHECK_EQUAL(Redirect::getSize(stranger), 0);
  CHECK(dlsym(RTLD_NEXT, "malloc") != nullptr);
  CHECK(dlsym(RTLD_NEXT, "alloc8_no_such_function") == nullptr);
}

void aConstructorMayAllocate() {
  using Redirect = Allocating;
  Redirect::free(Redirect::malloc(1));
  AllocatingHeap* heap = Redirect::getHeap();
  const auto& calls = AllocatingHeap::calls;
  CHECK_EQUAL(calls.malloc, 1);  // what the constructor asked for never reached the heap
  CHECK_EQUAL(calls.free, 1);
  CHECK_EQUAL(calls.lock + calls.unlock, 0);
  CHECK_EQUAL(std::string(heap->grown), "grown");
  CHECK(at(heap->aligned, 4096));
  CHECK_EQUAL(Redirect::getSize(heap->grown), 10'000);
  CHECK_EQUAL(Redirect::getSize(heap->aligned), 10);
  // From the arena into the heap, with the contents.
  auto* moved = static_cast<char*>(Redirect::realloc(heap->kept, 60));
  CHECK_EQUAL(calls.malloc, 2);
  CHECK(!Arena::owns(moved));
  for (int i = 0; i < 60; ++i) CHECK_EQUAL(moved[i], 'k');
  Redirect::free(moved);
  CHECK_EQUAL(calls.free, 2);
  Redirect::free(heap->zeroed);
  Redirect::free_sized(heap->grown, 10'000);
  Redirect::free_aligned_sized(heap->aligned, 4096, 10);
  CHECK_EQUAL(calls.free, 2);  // what the arena gave is not the heap's to free
  CHECK_EQUAL(calls.getSize, 0);
}

class SlowHeap : public LazyHeap<struct SlowTag> {
 public:
  SlowHeap() {
    usleep(50'000);
    ready = true;
  }
  bool ready = false;
};

void racingThreadsBuildOnce() {
  using Redirect = HeapRedirect<SlowHeap>;
  std::atomic<int> waiting{8};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      --waiting;
      while (waiting.load() != 0) std::this_thread::yield();
      void* block = Redirect::malloc(10);  // the heap's or the arena's, but no half-built heap's
      CHECK(block != nullptr && Redirect::getSize(block) >= 10);
      Redirect::free(block);
      SlowHeap* heap = Redirect::getHeap();
      CHECK(heap != nullptr);
      CHECK(heap->ready);  // nobody sees half a heap
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(SlowHeap::built, 1);
}

}  // namespace

int main() {
  RUN(aConstantHeapWorksBeforeConstructors);
  RUN(whatTheHeapHasIsCalled);
  RUN(whatTheHeapLacksIsFilledIn);
  RUN(reallocMovesWhatDoesNotFit);
  RUN(whatGrowsInStepsIsNotCopiedAtEach);
  RUN(shrinkingNeverFails);
  RUN(aHeapIsBuiltByItsFirstUserAndStays);
  RUN(aConstructorMayAllocate);
  RUN(racingThreadsBuildOnce);
}
