// The simple heap as an object, not behind malloc: what it hands out and what its statistics say.
// simple_heap_threads_test.cpp has threads and forks.

#include "heaps/simple/simple_heap.h"

#include <csignal>
#include <cstdint>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include <sys/mman.h>

#include "check.h"
#include "child.h"
#include "simple_heap_model.h"

namespace {

using alloc8::check::inChild;
using alloc8::check::kMaxSmall;
using alloc8::check::kSpanBytes;
using alloc8::check::SimpleHeapModel;
using alloc8::heaps::SimpleHeap;

constinit SimpleHeap constantInitialised;  // compiles only while that holds
static_assert(alloc8::HeapRedirect<SimpleHeap>::alwaysReady);

bool mapped(const void* p) {
  const std::uintptr_t page = alloc8::pages::size();
  unsigned char resident;
  return mincore(reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(p) / page * page), page, &resident) == 0;
}

void everySizeIsWritableToItsEnd() {
  SimpleHeap heap;
  std::vector<char*> blocks;
  for (std::size_t size = 0; size <= 300'000; size = size < 300 ? size + 1 : size * 9 / 8) {
    auto* p = static_cast<char*>(heap.malloc(size));
    CHECK(p != nullptr);
    CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(p) % 16, 0);
    CHECK(heap.getSize(p) >= size);
    std::memset(p, static_cast<int>(blocks.size()), heap.getSize(p));
    blocks.push_back(p);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::size_t at = 0; at < heap.getSize(blocks[i]); ++at) CHECK_EQUAL(blocks[i][at], static_cast<char>(i));
    heap.free(blocks[i]);
  }
  CHECK_EQUAL(heap.stats().liveBlocks, 0);
}

void memalignHoldsEveryPowerOfTwo() {
  SimpleHeap heap;
  for (std::size_t alignment = 16; alignment <= std::size_t{4} << 20; alignment *= 2) {
    std::set<void*> blocks;
    for (const std::size_t size : {0UL, 1UL, 15UL, 100UL, 4096UL, kMaxSmall - 1, kMaxSmall, 300'000UL}) {
      auto* p = static_cast<char*>(heap.memalign(alignment, size));
      CHECK(p != nullptr);
      CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(p) % alignment, 0);
      CHECK(blocks.insert(p).second);
      CHECK(heap.getSize(p) >= (size == 0 ? 1 : size));  // an empty block is one of its own, not another's start
      std::memset(p, 0x5a, heap.getSize(p));
    }
    for (void* p : blocks) heap.free(p);
  }
  CHECK_EQUAL(heap.stats().liveBlocks, 0);
  CHECK_EQUAL(heap.stats().largeBytes, 0);
}

void whatCannotBeIsNull() {
  SimpleHeap heap;
  for (const std::size_t size : {std::size_t{PTRDIFF_MAX}, SIZE_MAX / 2 - 100'000, std::size_t{1} << 61}) {
    CHECK(heap.malloc(size) == nullptr);
    CHECK(heap.calloc(1, size) == nullptr);
    CHECK(heap.memalign(64, size) == nullptr);
    CHECK(heap.memalign(std::size_t{1} << 62, 1) == nullptr);
  }
  CHECK_EQUAL(heap.stats().systemBytes, 0);
  heap.free(nullptr);
}

void callocClearsWhatWasUsed() {
  SimpleHeap heap;
  for (const std::size_t size : {16UL, 100UL, 5000UL, kMaxSmall, kMaxSmall + 1, 1'000'000UL}) {
    for (int round = 0; round < 3; ++round) {
      auto* p = static_cast<char*>(heap.calloc(1, size));
      for (std::size_t at = 0; at < size; ++at) CHECK_EQUAL(p[at], 0);
      std::memset(p, 0xff, size);
      heap.free(p);
    }
  }
}

// 20,000 random calls of every kind, with all statistics compared after each.
void statisticsAreExactAfterEveryCall() {
  SimpleHeap heap;
  SimpleHeapModel model;
  std::mt19937_64 random(2);
  std::vector<void*> live;
  for (int step = 0; step < 20'000; ++step) {
    // Up and down in long waves, so that spans fill, empty, retire and come back.
    const bool growing = step / 2500 % 2 == 0;
    const unsigned kind = random() % 100;
    if (kind == 0) {
      const std::size_t keep = random() % 4 * kSpanBytes;
      model.trimmed(keep, heap.trim(keep));
    } else if (kind < (growing ? 62U : 38U)) {
      const std::size_t sizes[] = {random() % 64, random() % 1024, random() % kMaxSmall, kMaxSmall - random() % 2000,
                                   random() % 200'000};
      const std::size_t size = sizes[random() % 5];
      const std::size_t alignment = kind % 5 == 0 ? std::size_t{16} << random() % 17 : 0;
      void* p =
          alignment != 0 ? heap.memalign(alignment, size) : (kind % 5 == 1 ? heap.calloc(1, size) : heap.malloc(size));
      model.handedOut(p, size, alignment);
      CHECK_EQUAL(heap.getSize(p), model.usable(p));
      live.push_back(p);
    } else if (!live.empty()) {
      const std::size_t at = random() % live.size();
      heap.free(live[at]);
      model.takenBack(live[at]);
      live[at] = live.back();
      live.pop_back();
    }
    model.agreesWith(heap.stats());
  }
  for (void* p : live) {
    heap.free(p);
    model.takenBack(p);
    model.agreesWith(heap.stats());
  }
  model.trimmed(0, heap.trim(0));
  model.agreesWith(heap.stats());
}

void aFreedBlockIsUsedAgainBeforeNewOnes() {
  SimpleHeap heap;
  void* first = heap.malloc(100);
  void* second = heap.malloc(100);
  heap.free(first);
  CHECK(heap.malloc(100) == first);
  CHECK(heap.malloc(100) != second);
  CHECK_EQUAL(heap.stats().systemBytes, kSpanBytes);
}

void emptySpansServeOtherSizes() {
  SimpleHeap heap;
  std::vector<void*> blocks(5000);
  for (void*& p : blocks) p = heap.malloc(1000);
  const std::size_t held = heap.stats().systemBytes;
  for (void* p : blocks) heap.free(p);
  CHECK_EQUAL(heap.stats().systemBytes, held);
  CHECK_EQUAL(heap.stats().releasableBytes, held - kSpanBytes);  // the last of the class stays
  for (void*& p : blocks) p = heap.malloc(900);
  CHECK_EQUAL(heap.stats().peakSystemBytes, held);
  for (void* p : blocks) heap.free(p);
}

void trimGivesMemoryBack() {
  SimpleHeap heap;
  std::vector<void*> blocks(20'000);
  for (void*& p : blocks) p = std::memset(heap.malloc(500), 1, 500);
  const std::size_t spans = heap.stats().systemBytes / kSpanBytes;
  CHECK_EQUAL(heap.trim(0), 0);
  for (void* p : blocks) heap.free(p);
  CHECK(heap.stats().freeBlocks > 0);
  CHECK_EQUAL(heap.trim(3 * kSpanBytes), (spans - 1 - 3) * kSpanBytes);
  CHECK_EQUAL(heap.stats().releasableBytes, 3 * kSpanBytes);
  CHECK_EQUAL(heap.trim(0), 3 * kSpanBytes);
  CHECK_EQUAL(heap.trim(0), 0);
  CHECK_EQUAL(heap.stats().systemBytes, kSpanBytes);
  std::size_t stillMapped = 0;
  for (void* p : blocks) stillMapped += mapped(p) ? 1 : 0;
  CHECK(stillMapped <= kSpanBytes / 500);  // blocks of one span at most
  CHECK(heap.malloc(500) != nullptr);
}

void largeBlocksGoBackAtOnce() {
  SimpleHeap heap;
  for (const std::size_t alignment : {0UL, 4096UL, 65536UL, 1UL << 18, 1UL << 21}) {
    void* p = alignment == 0 ? heap.malloc(1'000'000) : heap.memalign(alignment, 1'000'000);
    CHECK(mapped(p));
    CHECK(heap.stats().systemBytes >= 1'000'000);
    CHECK_EQUAL(heap.stats().largeBlocks, 1);
    heap.free(p);
    CHECK(!mapped(p));
    CHECK_EQUAL(heap.stats().systemBytes, 0);
    CHECK_EQUAL(heap.stats().largeBlocks, 0);
  }
}

void aPointerThatIsNotItsOwnIsNamed() {
  SimpleHeap heap;
  auto* foreign = static_cast<char*>(alloc8::pages::map(2 * kSpanBytes, kSpanBytes));
  char expected[80];
  std::snprintf(expected, sizeof expected, "alloc8: not a block of the simple heap: %p\n", foreign + 1000);
  for (const std::size_t offset : {1000UL, kSpanBytes}) {  // the second has its header in front, if it has one
    for (const bool sizeOnly : {false, true}) {
      const auto end = inChild([&] { sizeOnly ? void(heap.getSize(foreign + offset)) : heap.free(foreign + offset); });
      CHECK_EQUAL(end.signal, SIGABRT);
      if (offset == 1000) CHECK_EQUAL(end.error, expected);
      CHECK_CONTAINS(end.error, "alloc8: not a block of the simple heap");
    }
  }
  alloc8::pages::unmap(foreign, 2 * kSpanBytes);
}

void aBlockOfASpanThatIsGoneIsNamed() {
  SimpleHeap heap;
  std::vector<void*> blocks(1000);
  for (void*& p : blocks) p = heap.malloc(1000);
  for (void* p : blocks) heap.free(p);
  CHECK(heap.stats().releasableBytes > 0);
  const auto end = inChild([&] {
    for (void* p : blocks) heap.free(p);
  });
  CHECK_EQUAL(end.signal, SIGABRT);
  CHECK_CONTAINS(end.error, "alloc8: not a block of the simple heap");
}

}  // namespace

int main() {
  RUN(everySizeIsWritableToItsEnd);
  RUN(memalignHoldsEveryPowerOfTwo);
  RUN(whatCannotBeIsNull);
  RUN(callocClearsWhatWasUsed);
  RUN(statisticsAreExactAfterEveryCall);
  RUN(aFreedBlockIsUsedAgainBeforeNewOnes);
  RUN(emptySpansServeOtherSizes);
  RUN(trimGivesMemoryBack);
  RUN(largeBlocksGoBackAtOnce);
  RUN(aPointerThatIsNotItsOwnIsNamed);
  RUN(aBlockOfASpanThatIsGoneIsNamed);
}
