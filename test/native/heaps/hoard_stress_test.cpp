// The Hoard heap against a shadow: threads do at random what programs do, hand blocks to one another, and every block
// is looked at when it goes: its content (so that two blocks that overlap are found), its alignment, its size. In a
// debug build the heap looks after its own lists and the paper's invariant meanwhile.
//
// ALLOC8_STRESS_SECONDS says how long (2 unless set), ALLOC8_STRESS_SEED with which numbers.

#include "heaps/hoard/hoard_heap.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "check.h"

namespace {

using alloc8::heaps::HoardHeap;
using Redirect = alloc8::HeapRedirect<HoardHeap>;

HoardHeap& heap() { return *Redirect::getHeap(); }

struct Shadow {
  unsigned char* p = nullptr;
  std::size_t size = 0;
  unsigned char fill = 0;
};

unsigned seconds() {
  const char* set = std::getenv("ALLOC8_STRESS_SECONDS");
  return set == nullptr ? 2 : static_cast<unsigned>(std::atoi(set));
}
std::uint64_t seed() {
  const char* set = std::getenv("ALLOC8_STRESS_SEED");
  return set == nullptr ? 1 : std::strtoull(set, nullptr, 10);
}

// Xorshift, Marsaglia, "Xorshift RNGs", 2003.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 | 1) {}
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t state_;
};

// Which addresses are handed out: two blocks of one address range are found even where nobody writes.
class Ranges {
 public:
  void add(const Shadow& block) {
    const auto begin = reinterpret_cast<std::uintptr_t>(block.p);
    const std::uintptr_t end = begin + (block.size == 0 ? 1 : block.size);
    std::lock_guard guard(lock_);
    const auto after = ranges_.lower_bound(begin);
    CHECK(after == ranges_.end() || end <= after->first);
    CHECK(after == ranges_.begin() || std::prev(after)->second <= begin);
    ranges_.emplace_hint(after, begin, end);
  }
  void remove(const Shadow& block) {
    std::lock_guard guard(lock_);
    CHECK_EQUAL(ranges_.erase(reinterpret_cast<std::uintptr_t>(block.p)), 1);
  }

 private:
  std::mutex lock_;
  std::map<std::uintptr_t, std::uintptr_t> ranges_;
};

// Blocks that threads exchange.
struct Slot {
  std::mutex lock;
  Shadow block;
};

Ranges ranges;
std::array<Slot, 512> slots;
std::atomic<bool> over{false};

std::size_t randomSize(Random& random) {
  switch (random.below(100)) {
    case 0: return random.below(40 << 20);  // huge ones too
    case 1:
    case 2: return random.below(2 << 20);
    case 3:
    case 4:
    case 5:
    case 6: return random.below(100000);
    default: return random.below(std::size_t{16} << random.below(9));
  }
}

// Large blocks are written and looked at in parts: at both ends and once in every page.
template <class Visit>
void visit(const Shadow& block, std::size_t upTo, Visit act) {
  const std::size_t step = block.size > 65536 ? 4096 : 1;
  for (std::size_t i = 0; i < upTo; i += step) act(block.p[i]);
  if (upTo == block.size && upTo != 0) act(block.p[upTo - 1]);
}

void fill(Shadow& block) {
  visit(block, block.size, [&](unsigned char& byte) { byte = block.fill; });
}
void inspect(const Shadow& block, std::size_t upTo) {
  visit(block, upTo, [&](const unsigned char& byte) { CHECK_EQUAL(byte, block.fill); });
}

void drop(Shadow& block) {
  if (block.p == nullptr) return;
  inspect(block, block.size);
  CHECK(heap().getSize(block.p) >= block.size && heap().owns(block.p));
  ranges.remove(block);
  Redirect::free(block.p);
  block = {};
}

void take(Shadow& block, Random& random) {
  const std::size_t size = randomSize(random);
  std::size_t alignment = 16;
  void* p = nullptr;
  switch (random.below(8)) {
    case 0:
      p = Redirect::calloc(1, size);
      for (std::size_t i = 0; i<size; i += size> 65536 ? 4096 : 1) CHECK_EQUAL(static_cast<char*>(p)[i], 0);
      break;
    case 1:
      alignment = std::size_t{16} << random.below(random.below(50) == 0 ? 22 : 9);
      p = Redirect::memalign(alignment, size);
      break;
    default: p = Redirect::malloc(size);
  }
  CHECK(p != nullptr);
  CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(p) % alignment, 0);
  block = {static_cast<unsigned char*>(p), size, static_cast<unsigned char>(random.next())};
  ranges.add(block);
  fill(block);
}

void resize(Shadow& block, Random& random) {
  if (block.p == nullptr) return;
  const std::size_t size = random.below(3) == 0 ? randomSize(random) : random.below(block.size * 2 + 1);
  if (size == 0) return;
  ranges.remove(block);
  auto* p = static_cast<unsigned char*>(Redirect::realloc(block.p, size));
  CHECK(p != nullptr);
  const std::size_t kept = size < block.size ? size : block.size;
  const Shadow before{p, block.size, block.fill};
  inspect({p, block.size, block.fill}, kept > 0 ? kept - 1 : 0);
  block = {p, size, before.fill};
  ranges.add(block);
  fill(block);
}

void work(std::uint64_t number) {
  Random random(seed() * 1000 + number);
  heap().threadInit();
  std::vector<Shadow> own(300);
  // Some threads live shortly: what they leave alive is freed by others.
  const std::uint64_t most = number % 3 == 0 ? UINT64_MAX : 20000;
  for (std::uint64_t i = 0; i < most && !over.load(std::memory_order_relaxed); ++i) {
    Shadow& block = own[random.below(own.size())];
    switch (random.below(16)) {
      case 0: resize(block, random); break;
      case 1:
      case 2: {
        Slot& slot = slots[random.below(slots.size())];
        const std::lock_guard guard(slot.lock);
        std::swap(slot.block, block);
        break;
      }
      case 3:
        // What others free meanwhile is taken from a thread that sleeps.
        if (random.below(3000) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        if (random.below(2000) == 0) heap().trim(0);
        if (random.below(500) == 0) heap().check();
        break;
      default:
        drop(block);
        if (random.below(20) != 0) take(block, random);
    }
    if (random.below(20000) == 0) {  // a tide: all goes at once
      for (Shadow& each : own) drop(each);
    }
  }
  for (Shadow& block : own) {
    Slot& slot = slots[random.below(slots.size())];
    const std::lock_guard guard(slot.lock);
    std::swap(slot.block, block);
    drop(block);
  }
  heap().threadCleanup();
}

void blocksAreTheProgramsAlone() {
  constexpr std::size_t kThreads = 4;
  std::vector<std::thread> threads;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds());
  std::uint64_t number = 0;
  while (std::chrono::steady_clock::now() < end) {
    while (threads.size() < kThreads) threads.emplace_back(work, ++number);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    // Joins those that have long been at an end, and waits for the others of the short-lived.
    if (number % 3 != 0) {
      threads.back().join();
      threads.pop_back();
    }
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  for (Slot& slot : slots) drop(slot.block);
  heap().trim(0);
  CHECK_EQUAL(heap().stats().liveBlocks, 0);
  CHECK_EQUAL(heap().stats().liveBytes, 0);
}

}  // namespace

int main() { RUN(blocksAreTheProgramsAlone); }
