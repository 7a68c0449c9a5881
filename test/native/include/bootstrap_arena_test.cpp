// The bootstrap arena: what a heap's constructor gets before there is a heap. Each test has the arena to itself, in a
// child, because the arena is one for the process and never takes anything back.

#include "alloc8/detail/bootstrap_arena.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "check.h"
#include "child.h"
#include "sanitizer.h"

namespace {

using Arena = alloc8::detail::BootstrapArena;

bool zeroed(const char* p, std::size_t size) {
  for (std::size_t at = 0; at < size; ++at) {
    if (p[at] != 0) return false;
  }
  return true;
}

// From before the constructors of this file, which must not wipe out what the arena remembers.
void* earlySmall = nullptr;
void* earlyMapped = nullptr;
__attribute__((constructor(101))) void beforeConstructors() {
  earlySmall = Arena::allocate(100, 16);
  earlyMapped = Arena::allocate(std::size_t{1} << 20, 16);
}

void earlyBlocksStayKnown() {
  CHECK(Arena::owns(earlySmall));
  CHECK(Arena::owns(earlyMapped));
  CHECK(Arena::allocate(100, 16) != earlySmall);
}

void blocksAreAlignedZeroedAndKnown() {
  CHECK_IN_CHILD([] {
    for (std::size_t alignment = 1; alignment <= std::size_t{4} << 20; alignment *= 2) {
      for (const std::size_t size : {0UL, 1UL, 24UL, 1000UL, 100'000UL}) {
        auto* p = static_cast<char*>(Arena::allocate(size, alignment));
        CHECK(p != nullptr);
        CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(p) % (alignment < 16 ? 16 : alignment), 0);
        CHECK(zeroed(p, size));
        std::memset(p, 0xff, size);
        CHECK_EQUAL(Arena::usableSize(p), size);
        CHECK(Arena::owns(p));
        if (size != 0) CHECK(Arena::owns(p + size - 1));
      }
    }
  });
}

void othersPointersAreNotItsOwn() {
  CHECK_IN_CHILD([] {
    int local = 0;
    static int global = 0;
    std::vector<char> block(100);
    for (const void* p :
         {static_cast<const void*>(&local), static_cast<const void*>(&global), static_cast<const void*>(block.data()),
          static_cast<const void*>(nullptr), reinterpret_cast<const void*>(SIZE_MAX)}) {
      CHECK(!Arena::owns(p));
    }
  });
}

// 8 MiB in pieces, and then blocks larger than what is mapped at a time: all stay known.
void whatDoesNotFitIsMapped() {
  CHECK_IN_CHILD([] {
    std::vector<char*> blocks;
    const auto add = [&](std::size_t size) {
      auto* p = static_cast<char*>(Arena::allocate(size, 16));
      CHECK(p != nullptr);
      CHECK(zeroed(p, size));
      std::memset(p, static_cast<int>(blocks.size()), size);
      blocks.push_back(p);
    };
    for (int i = 0; i < 2048; ++i) add(4096);
    for (int i = 0; i < (alloc8::check::kSanitized ? 10 : 100); ++i) {
      add(std::size_t{1} << 20);
      add(100);
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      CHECK(Arena::owns(blocks[i]));
      const std::size_t size = Arena::usableSize(blocks[i]);
      for (std::size_t at = 0; at < size; at += 97) CHECK_EQUAL(blocks[i][at], static_cast<char>(i));
      CHECK_EQUAL(blocks[i][size - 1], static_cast<char>(i));
    }
  });
}

void whatCannotBeIsNull() {
  CHECK_IN_CHILD([] {
    for (const std::size_t size : {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4, std::size_t{1} << 55}) {
      CHECK(Arena::allocate(size, 16) == nullptr);
      CHECK(Arena::allocate(16, (size >> 1) + 1) == nullptr);
    }
    CHECK(Arena::allocate(1'000'000, 16) != nullptr);  // a failure does not end the arena
  });
}

void aSystemWithoutMemoryIsNull() {
  if (alloc8::check::kSanitized) SKIP("sanitizers need the address space that this test takes away");
  CHECK_IN_CHILD([] {
    const rlimit none{std::size_t{1} << 20, std::size_t{1} << 20};
    CHECK_EQUAL(setrlimit(RLIMIT_AS, &none), 0);
    CHECK(Arena::allocate(1000, 16) != nullptr);
    for (int i = 0; i < 200; ++i) CHECK(Arena::allocate(std::size_t{2} << 20, 16) == nullptr);
    CHECK(!Arena::owns(nullptr));
  });
}

void threadsGetBlocksOfTheirOwn() {
  std::vector<std::vector<std::uint32_t*>> blocks(4);
  std::vector<std::thread> threads;
  std::atomic<unsigned> ready{0};
  for (std::uint32_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      ++ready;
      while (ready.load() != 4) std::this_thread::yield();
      for (int n = 0; n < 1000; ++n) {
        auto* p = static_cast<std::uint32_t*>(Arena::allocate(400, 16));
        CHECK(p != nullptr);
        for (int at = 0; at < 100; ++at) {
          CHECK_EQUAL(p[at], 0U);
          p[at] = i;
        }
        blocks[i].push_back(p);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::uint32_t i = 0; i < 4; ++i) {
    for (const std::uint32_t* p : blocks[i]) {
      CHECK(Arena::owns(p));
      for (int at = 0; at < 100; ++at) CHECK_EQUAL(p[at], i);
    }
  }
}

}  // namespace

int main() {
  RUN(earlyBlocksStayKnown);
  RUN(blocksAreAlignedZeroedAndKnown);
  RUN(othersPointersAreNotItsOwn);
  RUN(whatDoesNotFitIsMapped);
  RUN(whatCannotBeIsNull);
  RUN(aSystemWithoutMemoryIsNull);
  RUN(threadsGetBlocksOfTheirOwn);  // the last, because it fills the arena of this very process
}
