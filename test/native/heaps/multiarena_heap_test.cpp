// The multiarena heap against itself: whatever a program asks of it, every walk over its arenas finds all in order, its
// statistics are what the program holds, and contents stay whole.

#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "check.h"
#include "child.h"
#include "heaps/multiarena/multiarena_heap.h"
#include "heaps/multiarena/walk.h"
#include "sanitizer.h"

namespace {

using alloc8::heaps::MultiArenaHeap;
using alloc8::heaps::multiarena::Arena;
using alloc8::heaps::multiarena::Walk;

// One for the process: a thread remembers one arena. Tests that need a new one run in a child.
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

struct Block {
  std::size_t size;
  unsigned char fill;
};

// What a program holds, with contents that follow from the addresses.
class Program {
 public:
  explicit Program(unsigned seed) : random_(seed) {}

  void step() {
    const unsigned what = random_() % 100;
    if (blocks_.empty() || what < 45) return add(heap.malloc(pending_ = someSize()));
    if (what < 50) return addCleared();
    if (what < 55) {
      const std::size_t alignment = std::size_t{32} << random_() % 9;
      void* p = heap.memalign(alignment, pending_ = someSize());
      CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(p) % alignment, 0);
      return add(p);
    }
    auto victim = blocks_.begin();
    std::advance(victim, random_() % (blocks_.size() < 50 ? blocks_.size() : 50));
    void* p = victim->first;
    const Block block = victim->second;
    check(p, block);
    blocks_.erase(victim);
    if (what < 70) return resize(p, block);
    heap.free(p);
  }

  void checkAll() const {
    for (const auto& [p, block] : blocks_) check(p, block);
  }
  std::size_t count() const { return blocks_.size(); }
  void freeAll() {
    for (const auto& [p, block] : blocks_) heap.free(p);
    blocks_.clear();
  }

 private:
  std::size_t someSize() {
    const unsigned kind = random_() % 40;
    if (kind < 25) return random_() % 200;
    if (kind < 35) return random_() % 4000;
    if (kind < 39) return random_() % 100'000;
    return random_() % 1'000'000;
  }

  void add(void* p) {
    CHECK(p != nullptr);
    CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(p) % 16, 0);
    CHECK(heap.getSize(p) >= pending_);
    const auto fill = static_cast<unsigned char>(random_());
    std::memset(p, fill, pending_);
    CHECK(blocks_.emplace(p, Block{pending_, fill}).second);
  }

  void addCleared() {
    pending_ = someSize();
    auto* p = static_cast<unsigned char*>(heap.calloc(1, pending_));
    for (std::size_t i = 0; i < pending_; ++i) CHECK_EQUAL(p[i], 0);
    add(p);
  }

  void resize(void* p, const Block& block) {
    pending_ = someSize();
    auto* moved = static_cast<unsigned char*>(heap.realloc(p, pending_));
    CHECK(moved != nullptr);
    for (std::size_t i = 0; i < block.size && i < pending_; ++i) CHECK_EQUAL(moved[i], block.fill);
    add(moved);
  }

  static void check(const void* p, const Block& block) {
    const auto* bytes = static_cast<const unsigned char*>(p);
    for (std::size_t i = 0; i < block.size; ++i) CHECK_EQUAL(bytes[i], block.fill);
  }

  std::mt19937 random_;
  std::map<void*, Block> blocks_;
  std::size_t pending_ = 0;
};

void everyWalkFindsAllInOrder() {
  Program program(1);
  const std::size_t before = heap.stats().liveBlocks;
  for (int i = 0; i < (alloc8::check::kThreadSanitizer ? 5'000 : 20'000); ++i) {
    program.step();
    if (i % 100 == 0) walkAll();
    if (i % 1000 == 0) CHECK_EQUAL(heap.stats().liveBlocks - before, program.count());
    if (i % 5000 == 0) heap.trim(0);
  }
  program.checkAll();
  program.freeAll();
  walkAll();
  CHECK_EQUAL(heap.stats().liveBlocks, before);
  CHECK_EQUAL(heap.stats().largeBlocks, 0);
}

void theThresholdsAreWhatIsSet() {
  CHECK_IN_CHILD([] {
    heap.tunables().parse("mmap_threshold=64k:top_pad=0:trim_threshold=1m:arena_max=2:nonsense=3:top_pad=x");
    CHECK_EQUAL(heap.tunables().mmapThreshold(), 65536);
    CHECK_EQUAL(heap.tunables().topPad(), 0);
    CHECK_EQUAL(heap.tunables().trimThreshold(), 1 << 20);
    CHECK_EQUAL(heap.tunables().arenaMax(), 2);
    void* p = heap.malloc(70'000);
    CHECK_EQUAL(heap.stats().largeBlocks, 1);
    heap.free(p);
    CHECK_EQUAL(heap.tunables().mmapThreshold(), 65536);  // set by hand, it stays
  });
  CHECK_IN_CHILD([] {
    void* p = heap.malloc(5000000);
    CHECK_EQUAL(heap.stats().largeBlocks, 1);
    heap.free(p);
    p = heap.malloc(5000000);  // whoever frees a large block will want it again
    CHECK_EQUAL(heap.stats().largeBlocks, 0);
    heap.free(p);
  });
}

void aMappedBlockGrowsWithItsContents() {
  auto* p = static_cast<unsigned char*>(heap.malloc(std::size_t{40} << 20));
  std::memset(p, 7, std::size_t{40} << 20);
  p = static_cast<unsigned char*>(heap.realloc(p, std::size_t{90} << 20));
  for (std::size_t i = 0; i < std::size_t{40} << 20; i += 4096) CHECK_EQUAL(p[i], 7);
  CHECK_EQUAL(p[std::size_t{50} << 20], 0);
  heap.free(p);
}

// Two hundred threads, of which each frees what others made.
void manyThreadsKeepOrder() {
  constexpr int kThreads = 200;
  constexpr int kSlots = 500;
  static std::atomic<void*> slots[kSlots];
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([i] {
      std::mt19937 random(static_cast<unsigned>(i));
      for (int round = 0; round < (alloc8::check::kThreadSanitizer ? 150 : 500); ++round) {
        const std::size_t size = random() % 8 == 0 ? random() % 50'000 : random() % 300;
        auto* p = static_cast<unsigned char*>(random() % 9 == 0 ? heap.memalign(64, size + 8) : heap.malloc(size + 8));
        CHECK(p != nullptr);
        std::memcpy(p, &size, sizeof size);
        std::memset(p + 8, static_cast<int>(size & 0xff), size);
        auto* other = static_cast<unsigned char*>(slots[random() % kSlots].exchange(p));
        if (other == nullptr) continue;
        std::size_t its;
        std::memcpy(&its, other, sizeof its);
        for (std::size_t at = 0; at < its; ++at) CHECK_EQUAL(other[8 + at], its & 0xff);
        heap.free(other);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  walkAll();
  CHECK(heap.arenas().count() <= heap.tunables().arenaMax());
  for (auto& slot : slots) heap.free(slot.exchange(nullptr));
  walkAll();
  CHECK_EQUAL(heap.stats().liveBlocks, 0);
}

}  // namespace

int main() {
  RUN(everyWalkFindsAllInOrder);
  RUN(theThresholdsAreWhatIsSet);
  RUN(aMappedBlockGrowsWithItsContents);
  RUN(manyThreadsKeepOrder);
  return 0;
}
