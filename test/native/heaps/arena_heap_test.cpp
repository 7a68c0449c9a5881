// The arena heap: a heap for any program and its threads, what it reuses, and its account.

#include "heaps/arena/arena_heap.h"

#include <cstdlib>
#include <cstring>
#include <thread>

#include "../layers/conformance.h"
#include "check.h"

namespace {

using alloc8::HeapStats;
using alloc8::heaps::ArenaHeap;
using Redirect = alloc8::HeapRedirect<ArenaHeap>;

ArenaHeap& heap() { return *Redirect::getHeap(); }

void itIsAHeap() {
  alloc8::check::isAHeap<Redirect>();
  alloc8::check::takesThreads<Redirect>();
}

void theLastBlockIsReused() {
  void* p = heap().malloc(100);
  heap().free(p);
  CHECK(heap().malloc(50) == p);
  CHECK(heap().realloc(p, 5000) == p);
  std::memset(p, 7, 5000);
  void* next = heap().malloc(10);
  auto* moved = static_cast<char*>(heap().realloc(p, 6000));
  CHECK(moved != p && moved[4999] == 7);
  CHECK(heap().realloc(moved, 100) == moved);
  heap().free(next);
  CHECK(heap().malloc(10) != next);
}

void theAccountIsTrue() {
  const HeapStats before = heap().stats();
  void* small = heap().malloc(100);
  void* large = heap().malloc(1 << 20);
  HeapStats during = heap().stats();
  CHECK_EQUAL(during.liveBlocks, before.liveBlocks + 2);
  CHECK_EQUAL(during.liveBytes, before.liveBytes + heap().getSize(small) + heap().getSize(large));
  CHECK(during.systemBytes > before.systemBytes + (1 << 20));
  // Another thread frees what this one made: the sum is right all the same.
  std::thread([&] {
    heap().threadInit();
    heap().free(small);
    heap().free(large);
    heap().threadCleanup();
    heap().free(heap().malloc(10));
  }).join();
  const HeapStats after = heap().stats();
  CHECK_EQUAL(after.liveBlocks, before.liveBlocks);
  CHECK_EQUAL(after.liveBytes, before.liveBytes);
  CHECK_EQUAL(after.largeBytes, before.largeBytes);
}

// A chunk outlives its thread and serves the next: ten thousand short ones need one.
void threadsLeaveTheirChunksToOthers() {
  heap().free(heap().malloc(10));
  std::thread([] { heap().threadInit(), heap().free(heap().malloc(10)), heap().threadCleanup(); }).join();
  const std::size_t before = heap().stats().systemBytes;
  for (int i = 0; i < 1000; ++i) {
    std::thread([] {
      heap().threadInit();
      heap().free(heap().malloc(10));
      heap().threadCleanup();
    }).join();
  }
  CHECK_EQUAL(heap().stats().systemBytes, before);
}

}  // namespace

int main() {
  RUN(itIsAHeap);
  RUN(theLastBlockIsReused);
  RUN(theAccountIsTrue);
  RUN(threadsLeaveTheirChunksToOthers);
}
