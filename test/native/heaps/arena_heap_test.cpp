// The arena heap: a heap for any program and its threads, what it reuses, and its account.

#include "heaps/arena/arena_heap.h"

#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

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
  const std::size_t before = heap().stats().liveBytes;
  const std::size_t size = heap().getSize(p);
  CHECK(heap().realloc(p, 5000) == p);
  CHECK_EQUAL(heap().stats().liveBytes, before + heap().getSize(p) - size);
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

// Fills blocks with a mark of its own and looks whether they keep it.
void keepsItsBlocks(int mark) {
  std::vector<unsigned char*> blocks;
  for (int i = 0; i < 20000; ++i) {
    auto* block = static_cast<unsigned char*>(heap().malloc(32));
    std::memset(block, mark, 32);
    blocks.push_back(block);
  }
  for (const unsigned char* block : blocks) CHECK(block[0] == mark && block[31] == mark);
}

// What a thread allocates after its hook is its own, though the next thread has its chunk.
void aChunkIsNeverOfTwoThreads() {
  std::thread([] {
    heap().threadInit();
    heap().free(heap().malloc(10));
    heap().threadCleanup();
    std::thread next([] {
      heap().threadInit();
      keepsItsBlocks(2);
      heap().threadCleanup();
    });
    keepsItsBlocks(1);
    next.join();
  }).join();
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
  RUN(aChunkIsNeverOfTwoThreads);
  RUN(threadsLeaveTheirChunksToOthers);
}
