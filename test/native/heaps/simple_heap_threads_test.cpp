// The simple heap under threads and forks: blocks that one thread makes and another frees, with contents checked.

#include <atomic>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "heaps/simple/simple_heap.h"
#include "sanitizer.h"

namespace {

using alloc8::heaps::SimpleHeap;

// A block says its size and is filled with a byte that follows from its address and size.
struct Shadow {
  std::uint32_t bytes;
  std::uint32_t seed;
};

unsigned char fillOf(const Shadow* block, std::uint32_t seed) {
  return static_cast<unsigned char>((reinterpret_cast<std::uintptr_t>(block) >> 4) * 31 + seed);
}

Shadow* make(SimpleHeap& heap, std::mt19937& random) {
  const std::uint32_t sizes[] = {static_cast<std::uint32_t>(random() % 200),
                                 static_cast<std::uint32_t>(random() % 3000),
                                 static_cast<std::uint32_t>(random() % 60'000)};
  const std::uint32_t bytes = static_cast<std::uint32_t>(sizeof(Shadow)) + sizes[random() % 16 / 7];
  void* p = random() % 8 == 0 ? heap.memalign(std::size_t{32} << random() % 6, bytes) : heap.malloc(bytes);
  CHECK(p != nullptr);
  auto* block = static_cast<Shadow*>(p);
  *block = {bytes, static_cast<std::uint32_t>(random())};
  std::memset(block + 1, fillOf(block, block->seed), bytes - sizeof(Shadow));
  return block;
}

void checkAndFree(SimpleHeap& heap, Shadow* block) {
  const auto* contents = reinterpret_cast<const unsigned char*>(block + 1);
  const unsigned char expected = fillOf(block, block->seed);
  CHECK(heap.getSize(block) >= block->bytes);
  for (std::uint32_t at = 0; at < block->bytes - sizeof(Shadow); ++at) CHECK_EQUAL(contents[at], expected);
  heap.free(block);
}

void blocksCrossThreadsWhole() {
  constexpr int kThreads = 4;
  constexpr int kSlots = 1000;
  SimpleHeap heap;
  std::vector<std::atomic<Shadow*>> slots(kSlots);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937 random(static_cast<unsigned>(i));
      for (int round = 0; round < (alloc8::check::kSanitized ? 2'000 : 40'000); ++round) {
        Shadow* mine = random() % 3 == 0 ? nullptr : make(heap, random);
        Shadow* theirs = slots[random() % kSlots].exchange(mine);
        if (theirs != nullptr) checkAndFree(heap, theirs);
        if (round % 500 == 0) heap.trim(0);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (auto& slot : slots) {
    if (Shadow* block = slot.load(); block != nullptr) checkAndFree(heap, block);
  }
  const alloc8::HeapStats stats = heap.stats();
  CHECK_EQUAL(stats.liveBlocks, 0);
  CHECK_EQUAL(stats.liveBytes, 0);
  CHECK_EQUAL(stats.largeBytes, 0);
  heap.trim(0);
  // What is left are the last spans of their classes, one each.
  CHECK(heap.stats().systemBytes <= 40 * (std::size_t{256} << 10));
  CHECK(stats.peakSystemBytes >= stats.systemBytes);
}

// What the interposer does at fork, while four threads allocate: the child must find a heap that works.
void aChildOfABusyProcessAllocates() {
  SimpleHeap heap;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937 random(i);
      while (!done.load()) checkAndFree(heap, make(heap, random));
    });
  }
  for (unsigned round = 0; round < (alloc8::check::kSanitized ? 10 : 40); ++round) {
    heap.lock();
    const pid_t child = fork();
    heap.unlock();  // in both
    if (child == 0) {
      std::mt19937 random(round);
      for (int i = 0; i < 200; ++i) checkAndFree(heap, make(heap, random));
      _exit(0);
    }
    int status = 0;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(heap.stats().liveBlocks, 0);
}

}  // namespace

int main() {
  RUN(blocksCrossThreadsWhole);
  RUN(aChildOfABusyProcessAllocates);
}
