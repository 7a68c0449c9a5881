// The Hoard heap where memory is short, and how much it holds: the system's mapping function is one that fails when it
// is told to. What is alive stays whole, what is asked for in vain is null, and all goes on once there is memory again.

#include "heaps/hoard/hoard_heap.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "check.h"
#include "platform/platform.h"

namespace {

std::atomic<long> mapsLeft{-1};  // so many calls succeed and then none; below 0 all do
std::atomic<long> mapsAsked{0};

bool denied() {
  mapsAsked.fetch_add(1);
  long left = mapsLeft.load();
  while (left > 0 && !mapsLeft.compare_exchange_weak(left, left - 1)) {
  }
  return left == 0;
}

}  // namespace

// The page contract, with failures: this program is linked without the one that ships.
namespace alloc8::pages {
std::size_t size() noexcept { return platform::pageSize(); }
void* map(std::size_t bytes, std::size_t alignment) noexcept {
  return denied() ? nullptr : platform::mapPages(bytes, alignment);
}
void unmap(void* p, std::size_t bytes) noexcept { platform::unmapPages(p, bytes); }
void purge(void* p, std::size_t bytes) noexcept { platform::purgePages(p, bytes); }
void* reserve(std::size_t bytes, std::size_t alignment) noexcept {
  return denied() ? nullptr : platform::reservePages(bytes, alignment);
}
}  // namespace alloc8::pages
namespace alloc8::detail {
void waitOn(std::atomic<std::uint32_t>* word, std::uint32_t expected) noexcept { platform::waitOn(word, expected); }
void wakeOne(std::atomic<std::uint32_t>* word) noexcept { platform::wakeOne(word); }
}  // namespace alloc8::detail
namespace alloc8 {
void fatal(const char* message, const void* /*address*/) noexcept { check::failed(__FILE__, __LINE__, message); }
}  // namespace alloc8

namespace {

alloc8::heaps::HoardHeap theHeap;
alloc8::heaps::HoardHeap& heap() { return theHeap; }

struct Block {
  unsigned char* p;
  std::size_t size;
};

// Large blocks are looked at in places: to touch all of their pages takes minutes under ThreadSanitizer.
std::size_t stepOf(std::size_t size) { return std::max<std::size_t>(511, size / 512); }

void fill(const Block& block) {
  for (std::size_t i = 0; i < block.size; i += stepOf(block.size)) {
    block.p[i] = static_cast<unsigned char>(block.size % 251);
  }
}

void inspect(const Block& block) {
  for (std::size_t i = 0; i < block.size; i += stepOf(block.size)) CHECK_EQUAL(block.p[i], block.size % 251);
}

// Everything a program may ask for, as long as there is memory; false where some was refused.
bool ask(std::vector<Block>& blocks, std::size_t size, std::size_t alignment) {
  auto* p = static_cast<unsigned char*>(alignment > 16 ? heap().memalign(alignment, size) : heap().malloc(size));
  if (p == nullptr) return false;
  blocks.push_back({p, size});
  fill(blocks.back());
  return true;
}

// From a thread of its own, so that a heap is made for it too.
void failAt(long nth) {
  std::thread([nth] {
    std::vector<Block> blocks;
    blocks.reserve(10000);
    if (nth % 2 == 0) heap().threadInit();  // without, a thread has no heap of its own
    heap().trim(0);
    mapsLeft = nth;
    bool refused = false;
    for (std::size_t round = 0; round < 30; ++round) {
      for (const std::size_t size : {10, 100, 1000, 9000, 30000, 70000, 600000, 3000000, 20000000}) {
        if (!ask(blocks, size + round, 16)) refused = true;
      }
      if (!ask(blocks, 5000, 4096) || !ask(blocks, 100, std::size_t{1} << 20)) refused = true;
      Block& last = blocks.empty() ? blocks.emplace_back(Block{nullptr, 0}) : blocks.back();
      if (last.p == nullptr) {
        blocks.pop_back();
      } else if (auto* grown = static_cast<unsigned char*>(heap().realloc(last.p, last.size * 3)); grown != nullptr) {
        last.p = grown;  // its first part is as it was
      } else {
        refused = true;
      }
    }
    CHECK(refused);
    mapsLeft = -1;
    for (const Block& block : blocks) inspect(block);
    CHECK(ask(blocks, 9000000, 16) && ask(blocks, 100, 16) && ask(blocks, 40000, 16));
    for (const Block& block : blocks) {
      inspect(block);
      heap().free(block.p);
    }
    heap().threadCleanup();
  }).join();
  CHECK_EQUAL(heap().stats().liveBlocks, 0);
}

void everyMappingMayFail() {
  for (long nth = 0; nth < 24; ++nth) failAt(nth);
}

// A block that is freed is there for the next, without the system.
void memoryComesBackWithoutTheSystem() {
  std::vector<Block> blocks;
  while (blocks.size() < 3000) CHECK(ask(blocks, 20000, 16));
  mapsLeft = 0;
  for (const Block& block : blocks) heap().free(block.p);
  blocks.clear();
  for (int i = 0; i < 40; ++i) CHECK(ask(blocks, 1000000, 16));
  for (int i = 0; i < 300; ++i) CHECK(ask(blocks, 50, 16));
  for (const Block& block : blocks) heap().free(block.p);
  mapsLeft = -1;
}

// Threads in a ring: each allocates, the next one frees it all and allocates itself, and all others sleep. An allocator
// that leaves freed memory with threads that sleep would hold it once for each (the paper's blowup by P). Returned are
// the most bytes that were held.
enum class Order { ofAddresses, random, someByTheOwner };
std::size_t heldAroundTheRing(Order order) {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kBlocks = 100000;
  std::vector<void*> blocks(kBlocks);
  std::mutex lock;
  std::condition_variable turned;
  std::size_t turn = 0;
  std::size_t most = 0;
  std::vector<std::thread> threads;
  heap().trim(0);
  const std::size_t before = heap().stats().systemBytes;
  for (std::size_t me = 0; me < kThreads; ++me) {
    threads.emplace_back([&, me] {
      heap().threadInit();
      std::unique_lock guard(lock);
      turned.wait(guard, [&] { return turn == me; });
      for (void*& block : blocks) heap().free(std::exchange(block, nullptr));
      if (me + 1 < kThreads) {
        for (void*& block : blocks) std::memset(block = heap().malloc(100), 1, 100);
        if (order == Order::random) std::shuffle(blocks.begin(), blocks.end(), std::mt19937_64(me));
        if (order == Order::someByTheOwner) {
          for (std::size_t i = 0; i < kBlocks; i += 8) heap().free(std::exchange(blocks[i], nullptr));
        }
      }
      const std::size_t held = heap().stats().systemBytes - before;
      most = held > most ? held : most;
      ++turn;
      turned.notify_all();
      turned.wait(guard, [&] { return turn == kThreads; });
      heap().threadCleanup();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most >= kBlocks * 100);
  return most;
}

void memoryOfThreadsThatSleepGoesRound() {
  for (const Order order : {Order::ofAddresses, Order::random, Order::someByTheOwner}) {
    CHECK(heldAroundTheRing(order) <= std::size_t{100000} * 112 * 2);
  }
}

// Of a thread that nobody tells the heap of nobody would tell that it ends: it has no heap that would be left behind.
void threadsWithoutHooksLeaveNothing() {
  std::size_t after = 0;
  for (int i = 0; i < 200; ++i) {
    std::thread([] {
      for (std::size_t size = 1; size < 2000; size += 100) heap().free(heap().malloc(size));
    }).join();
    if (i == 10) after = heap().stats().systemBytes;
  }
  CHECK(heap().stats().systemBytes <= after);
}

// What a program that frees most blocks in random order leaves behind goes back page by page.
void pagesOfSparseSuperblocksGoBack() {
  std::vector<unsigned char*> blocks(40000);
  for (auto& block : blocks) std::memset(block = static_cast<unsigned char*>(heap().malloc(700)), 9, 700);
  const std::size_t full = heap().stats().liveBytes;
  // Twice: what was hollowed out is filled and hollowed out again.
  for (int round = 0; round < 2; ++round) {
    for (auto& block : blocks) {
      if (block == nullptr) std::memset(block = static_cast<unsigned char*>(heap().malloc(700)), 9, 700);
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (i % 200 != 7) heap().free(std::exchange(blocks[i], nullptr));
    }
    heap().trim(0);
    // Of the blocks that are free the memory is there of those alone that share a page with one in use.
    CHECK(heap().stats().freeBlocks * 768 <= full / 10);
    for (std::size_t i = 7; i < blocks.size(); i += 200) {
      for (std::size_t byte = 0; byte < 700; ++byte) CHECK_EQUAL(blocks[i][byte], 9);
    }
  }
  // And they are handed out again, each once.
  for (auto& block : blocks) {
    if (block == nullptr) std::memset(block = static_cast<unsigned char*>(heap().malloc(700)), 8, 700);
  }
  for (std::size_t i = 7; i < blocks.size(); i += 200) CHECK_EQUAL(blocks[i][699], 9);
  for (auto* block : blocks) heap().free(block);
}

// realloc of a huge block moves pages: no copy, and what was in it stays.
void hugeBlocksGrowWithoutACopy() {
  auto* p = static_cast<unsigned char*>(heap().malloc(20 << 20));
  for (std::size_t i = 0; i < 20 << 20; i += 4096) p[i] = static_cast<unsigned char>(i >> 12);
  const alloc8::HeapStats before = heap().stats();
  auto* blocker = static_cast<unsigned char*>(heap().malloc(12 << 20));
  auto* q = static_cast<unsigned char*>(heap().realloc(p, 200 << 20));
  CHECK(q != nullptr && heap().getSize(q) >= (200U << 20));
  for (std::size_t i = 0; i < 20 << 20; i += 4096) CHECK_EQUAL(q[i], (i >> 12) & 255);
  // Where bytes were copied there would have been two blocks at a time.
  CHECK(heap().stats().peakSystemBytes <= before.systemBytes + (180U << 20) + (13U << 20) + (1U << 20));
  q = static_cast<unsigned char*>(heap().realloc(q, 9 << 20));
  for (std::size_t i = 0; i < 9 << 20; i += 4096) CHECK_EQUAL(q[i], (i >> 12) & 255);
  heap().free(q);
  heap().free(blocker);
  CHECK_EQUAL(heap().stats().liveBlocks, 0);
}

}  // namespace

int main() {
  RUN(hugeBlocksGrowWithoutACopy);
  RUN(everyMappingMayFail);
  RUN(memoryComesBackWithoutTheSystem);
  RUN(memoryOfThreadsThatSleepGoesRound);
  RUN(threadsWithoutHooksLeaveNothing);
  RUN(pagesOfSparseSuperblocksGoBack);
}
