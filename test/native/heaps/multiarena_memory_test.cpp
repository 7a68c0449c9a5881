// Where the multiarena heap's memory goes: what is freed goes back to the system, and a program that is limited in
// addresses or data finds room again for whatever it asks once it has freed.

#include <barrier>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "check.h"
#include "child.h"
#include "heaps/multiarena/multiarena_heap.h"
#include "heaps/multiarena/walk.h"
#include "sanitizer.h"

namespace {

using alloc8::HeapStats;
using alloc8::heaps::MultiArenaHeap;
using alloc8::heaps::multiarena::Arena;
using alloc8::heaps::multiarena::Walk;

MultiArenaHeap heap;

void walkAll() {
  for (Arena* arena = heap.arenas().first(); arena != nullptr; arena = arena->next.load()) {
    if (!arena->started()) continue;
    arena->lock();
    const char* problem = Walk(*arena).problem();
    arena->unlock();
    CHECK_EQUAL(std::string(problem == nullptr ? "" : problem), "");
  }
}

void memoryGoesBack() {
  CHECK_IN_CHILD([] {
    std::vector<void*> blocks;
    for (int i = 0; i < 20'000; ++i) blocks.push_back(heap.malloc(10'000));  // several segments
    const HeapStats full = heap.stats();
    CHECK(full.systemBytes >= std::size_t{20'000} * 10'000);
    for (void* p : blocks) heap.free(p);
    walkAll();
    const HeapStats empty = heap.stats();
    CHECK(empty.systemBytes < std::size_t{1} << 20);
    CHECK(empty.peakSystemBytes >= full.systemBytes);
    heap.trim(0);
    CHECK(heap.stats().systemBytes <= std::size_t{64} << 10);
    // One block at the end keeps what is below it; trim drops its pages all the same.
    for (void*& p : blocks) p = heap.malloc(10'000);
    for (std::size_t i = 0; i + 1 < blocks.size(); ++i) heap.free(blocks[i]);
    CHECK(heap.trim(0) > std::size_t{10} << 20);
    walkAll();
  });
}

// Whatever the order, and where blocks end where segments do.
void emptySegmentsGoBack() {
  for (const int order : {0, 1, 2}) {
    for (const std::size_t alignment : {std::size_t{16}, std::size_t{4096}}) {
      CHECK_IN_CHILD([=] {
        std::vector<void*> blocks;
        for (int i = 0; i < 40'000; ++i) blocks.push_back(heap.memalign(alignment, 4096));
        const auto release = [&](std::size_t i) { heap.free(blocks[order == 1 ? blocks.size() - 1 - i : i]); };
        for (std::size_t i = 0; i < blocks.size(); i += order == 2 ? 2 : 1) release(i);
        for (std::size_t i = 1; order == 2 && i < blocks.size(); i += 2) release(i);
        walkAll();
        CHECK(heap.stats().systemBytes < std::size_t{1} << 20);
      });
    }
  }
}

// The smallest chunk in front of a segment's end is in a list with others of the next segment.
void theLastChunkOfASegmentIsAChunk() {
  CHECK_IN_CHILD([] {
    heap.tunables().parse("top_pad=0:mmap_threshold=32m");
    constexpr std::size_t kLarge = std::size_t{30} << 20;
    CHECK(heap.malloc(kLarge) != nullptr && heap.malloc(kLarge) != nullptr);
    const auto& ground = heap.arenas().main()->ground();
    CHECK(ground.topBytes() >= 48 + 32);
    heap.malloc(ground.topBytes() - 48 - 8);
    CHECK_EQUAL(ground.topBytes(), 48);
    CHECK(heap.malloc(kLarge) != nullptr);  // in a segment of its own; what is left of the first is a free chunk
    void* last = heap.malloc(24);           // that chunk
    void* one = heap.malloc(24);
    void* behind = heap.malloc(2000);
    heap.malloc(24);
    heap.free(last);
    heap.free(one);
    heap.trim(0);
    heap.malloc(5000);  // both go to the bin of their size
    heap.free(behind);  // joins one of them, which leads to the other
    walkAll();
  });
}

// Small blocks are kept when they are freed; but not where much could go back without them.
void keptMemoryGoesBack() {
  for (const std::size_t step : {1, 7}) {
    CHECK_IN_CHILD([=] {
      std::vector<void*> blocks;
      for (int i = 0; i < 140'000; ++i) blocks.push_back(heap.malloc(1000));  // several segments
      for (std::size_t first = 0; first < step; ++first) {
        for (std::size_t i = first; i < blocks.size(); i += step) {
          heap.free(blocks[i]);
          if (i % 1000 == 0) CHECK(heap.stats().fastBytes <= std::size_t{5} << 20);
        }
      }
      walkAll();
      CHECK(heap.stats().systemBytes < std::size_t{1} << 20);
    });
  }
}

// Blocks that hold nothing but the way to the next: a program has no list of its own when it is at its limit.
void* filledWith(std::size_t size) {
  void* last = nullptr;
  while (void* p = heap.malloc(size)) {
    *static_cast<void**>(p) = last;
    last = p;
  }
  return last;
}
void freeAll(void* last) {
  while (last != nullptr) {
    void* before = *static_cast<void**>(last);
    heap.free(last);
    last = before;
  }
}

// Fills what `resource` leaves with blocks of `size`, frees them, and wants `large` at once.
void findsRoomFor(std::size_t large, std::size_t size, decltype(RLIMIT_AS) resource, std::size_t most, int threads) {
  CHECK_IN_CHILD([=] {
    heap.free(heap.malloc(1));
    rlimit limit{most, most};
    CHECK_EQUAL(setrlimit(resource, &limit), 0);
    if (threads == 0) freeAll(filledWith(size));  // not on a thread, which brings an arena of libc's and a stack
    std::vector<std::thread> all;
    std::barrier full(threads);
    for (int i = 0; i < threads; ++i) {
      all.emplace_back([&full, size] {
        void* last = filledWith(size);
        full.arrive_and_wait();  // or the others would go on filling what this one frees
        freeAll(last);
      });
    }
    for (std::thread& thread : all) thread.join();
    void* p = heap.malloc(large);
    CHECK(p != nullptr);
    heap.free(p);
    walkAll();
    freeAll(filledWith(size));
    p = heap.memalign(4096, large);
    CHECK(p != nullptr);
    walkAll();
  });
}

void aLimitedProgramFindsRoomForALargeBlock() {
  if (alloc8::check::kSanitized) return;  // which need far more addresses than any limit
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  findsRoomFor(100 * kMiB, 1000, RLIMIT_AS, 200 * kMiB, 0);
  findsRoomFor(100 * kMiB, 500, RLIMIT_AS, 200 * kMiB, 0);
  findsRoomFor(150 * kMiB, 3000, RLIMIT_AS, 200 * kMiB, 0);
  findsRoomFor(400 * kMiB, 60'000, RLIMIT_AS, 900 * kMiB, 4);
  findsRoomFor(70 * kMiB, 1100, RLIMIT_DATA, 110 * kMiB, 0);
}

// What the limit of data counts.
std::size_t dataKiB() {
  std::size_t kib = 0;
  char line[256];
  std::FILE* status = std::fopen("/proc/self/status", "r");
  CHECK(status != nullptr);
  while (std::fgets(line, sizeof line, status) != nullptr) std::sscanf(line, "VmData: %zu", &kib);
  std::fclose(status);
  return kib;
}

void whatWasFreedIsNoDataAnyMore() {
  if (alloc8::check::kSanitized) return;
  CHECK_IN_CHILD([] {
    heap.free(heap.malloc(1));
    static void* blocks[600];
    const std::size_t before = dataKiB();
    for (void*& p : blocks) p = heap.malloc(100'000);
    CHECK(dataKiB() > before + 50'000);
    for (void* p : blocks) heap.free(p);
    CHECK(dataKiB() < before + 1000);
  });
}

void aLimitedProgramRecovers() {
  if (alloc8::check::kSanitized) return;  // which need far more addresses than any limit
  CHECK_IN_CHILD([] {
    heap.free(heap.malloc(1));
    rlimit limit{std::size_t{300} << 20, std::size_t{300} << 20};
    CHECK_EQUAL(setrlimit(RLIMIT_AS, &limit), 0);
    for (const std::size_t size : {std::size_t{100}, std::size_t{5000}, std::size_t{200'000}, std::size_t{3'000'000}}) {
      std::vector<void*> blocks;
      blocks.reserve(4'000'000 < (std::size_t{300} << 20) / size ? 4'000'000 : (std::size_t{300} << 20) / size);
      while (blocks.size() < blocks.capacity()) {
        void* p = heap.malloc(size);
        if (p == nullptr) break;
        blocks.push_back(p);
      }
      CHECK(blocks.size() * size > std::size_t{20} << 20);
      for (void* p : blocks) heap.free(p);
      void* again = heap.malloc(size);
      CHECK(again != nullptr);
      heap.free(again);
      walkAll();
    }
  });
}

}  // namespace

int main() {
  RUN(memoryGoesBack);
  RUN(emptySegmentsGoBack);
  RUN(theLastChunkOfASegmentIsAChunk);
  RUN(keptMemoryGoesBack);
  RUN(aLimitedProgramRecovers);
  RUN(aLimitedProgramFindsRoomForALargeBlock);
  RUN(whatWasFreedIsNoDataAnyMore);
  return 0;
}
