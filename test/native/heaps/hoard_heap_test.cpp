// The Hoard heap: a heap for any program and its threads; memory that one thread frees serves others and stays bounded.

#include "heaps/hoard/hoard_heap.h"

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "../layers/conformance.h"
#include "check.h"

namespace {

using alloc8::heaps::HoardHeap;
using Redirect = alloc8::HeapRedirect<HoardHeap>;

HoardHeap& heap() { return *Redirect::getHeap(); }

void itIsAHeap() {
  alloc8::check::isAHeap<Redirect>();
  alloc8::check::takesThreads<Redirect>();
}

// One thread allocates, another frees: without a way home each block would cost memory (Hoard's blowup).
void producersAndConsumersStayBounded() {
  const std::size_t before = heap().stats().systemBytes;
  std::vector<std::atomic<void*>> ring(256);
  constexpr int kBlocks = 300000;
  std::thread consumer([&] {
    heap().threadInit();
    for (int i = 0; i < kBlocks; ++i) {
      std::atomic<void*>& place = ring[static_cast<std::size_t>(i) % ring.size()];
      void* p;
      while ((p = place.exchange(nullptr)) == nullptr) std::this_thread::yield();
      CHECK_EQUAL(*static_cast<int*>(p), i);
      heap().free(p);
    }
    heap().threadCleanup();
  });
  for (int i = 0; i < kBlocks; ++i) {
    std::atomic<void*>& place = ring[static_cast<std::size_t>(i) % ring.size()];
    void* p = heap().malloc(64 + static_cast<std::size_t>(i) % 200);
    *static_cast<int*>(p) = i;
    while (place.load() != nullptr) std::this_thread::yield();
    place.store(p);
  }
  consumer.join();
  CHECK(heap().stats().systemBytes - before <= std::size_t{8} << 20);
}

void theAccountIsTrue() {
  const alloc8::HeapStats before = heap().stats();
  std::vector<void*> blocks;
  for (int i = 0; i < 1000; ++i) blocks.push_back(heap().malloc(100));
  void* large = heap().malloc(1 << 20);
  const alloc8::HeapStats during = heap().stats();
  CHECK_EQUAL(during.liveBlocks, before.liveBlocks + 1001);
  CHECK_EQUAL(during.liveBytes, before.liveBytes + 1000 * heap().getSize(blocks[0]) + heap().getSize(large));
  for (void* block : blocks) heap().free(block);
  heap().free(large);
  const alloc8::HeapStats after = heap().stats();
  CHECK_EQUAL(after.liveBlocks, before.liveBlocks);
  CHECK_EQUAL(after.liveBytes, before.liveBytes);
  CHECK_EQUAL(heap().trim(0), after.releasableBytes);
  CHECK_EQUAL(heap().stats().systemBytes, after.systemBytes - after.releasableBytes);
}

// What a thread leaves behind, blocks that live included, serves those that come.
void deadThreadsLeaveNothingBehind() {
  std::size_t after = 0;
  for (int i = 0; i < 300; ++i) {
    void* survivor = nullptr;
    std::thread([&survivor] {
      heap().threadInit();
      std::vector<void*> blocks;
      for (std::size_t size = 1; size < 3000; size += 13) blocks.push_back(heap().malloc(size));
      survivor = blocks.back();
      blocks.pop_back();
      for (void* block : blocks) heap().free(block);
      heap().threadCleanup();
    }).join();
    std::memset(survivor, 7, 2900);
    heap().free(survivor);
    if (i == 100) after = heap().stats().systemBytes;
  }
  CHECK(heap().stats().systemBytes <= after + (std::size_t{2} << 20));
}

}  // namespace

int main() {
  RUN(itIsAHeap);
  RUN(producersAndConsumersStayBounded);
  RUN(theAccountIsTrue);
  RUN(deadThreadsLeaveNothingBehind);
}
