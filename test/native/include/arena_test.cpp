// Arena and SharedArena: where blocks lie, how they grow, what a rollback gives up, and what is caught afterwards.

#include "alloc8/arena.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "alloc8/arena_resource.h"
#include "check.h"
#include "child.h"
#include "sanitizer.h"

namespace {

using alloc8::Arena;
using alloc8::ArenaOptions;
using alloc8::Growth;
using alloc8::SharedArena;
using alloc8::check::inChild;

const std::size_t page = alloc8::pages::size();

bool at(const void* p, std::size_t alignment) { return reinterpret_cast<std::uintptr_t>(p) % alignment == 0; }

void blocksLieBehindOneAnother() {
  Arena arena;
  CHECK_EQUAL(arena.offset(), 0);
  CHECK_EQUAL(arena.capacity(), 0);
  auto* first = static_cast<char*>(arena.allocate(10));
  auto* second = static_cast<char*>(arena.allocate(10));
  CHECK(at(first, 16) && second == first + 16);
  CHECK_EQUAL(arena.offset(), 26);
  CHECK(at(arena.allocate(1, 4096), 4096));
  CHECK(arena.allocate(0) != arena.allocate(0));
  CHECK(arena.owns(first) && !arena.owns(&arena));
}

void sizesAndAlignmentsAreChecked() {
  Arena arena({.limitBytes = 1 << 20});
  for (const std::size_t size : {SIZE_MAX, SIZE_MAX - 15, std::size_t{PTRDIFF_MAX}, (std::size_t{1} << 20) + 1}) {
    CHECK(arena.allocate(size) == nullptr);
    CHECK(arena.allocate(16, size) == nullptr);
  }
  CHECK(arena.allocate(16, 48) == nullptr);
  CHECK(arena.allocate(16, 0) == nullptr);
  CHECK_EQUAL(arena.offset(), 0);
  CHECK(arena.allocate(1 << 20) != nullptr);
  CHECK(arena.allocate(1) == nullptr);
  CHECK_EQUAL(arena.offset(), 1 << 20);
}

void growthIsAsAskedFor() {
  Arena chunks({.chunkBytes = 4 * page, .growth = Growth::kChunks});
  CHECK(chunks.allocate(1) != nullptr);
  CHECK_EQUAL(chunks.capacity(), 4 * page);
  CHECK(chunks.allocate(4 * page) != nullptr);
  CHECK_EQUAL(chunks.capacity(), 8 * page);
  CHECK(chunks.allocate(20 * page) != nullptr);
  CHECK(chunks.capacity() >= 24 * page && chunks.capacity() <= 25 * page);
  Arena doubling({.chunkBytes = page});
  for (int i = 0; i < 100; ++i) CHECK(doubling.allocate(page) != nullptr);
  CHECK_EQUAL(doubling.capacity(), 128 * page);
  Arena fixed({.initialBytes = page, .growth = Growth::kFixed});
  CHECK(fixed.allocate(page) != nullptr && fixed.allocate(1) == nullptr);
  CHECK(fixed.resize(2 * page) && fixed.allocate(1) != nullptr);
}

void blocksNeverMove() {
  Arena arena({.chunkBytes = page});
  auto* first = static_cast<char*>(arena.allocate(100));
  std::strcpy(first, "here");
  for (int i = 0; i < 1000; ++i) CHECK(arena.allocate(page) != nullptr);
  CHECK_EQUAL(std::string(first), "here");
}

void blocksChangeTheirSize() {
  Arena arena;
  auto* p = static_cast<char*>(arena.allocate(100));
  std::memset(p, 7, 100);
  CHECK(arena.resizeBlock(p, 100, 100000) == p);
  CHECK_EQUAL(arena.offset(), 100000);
  CHECK(arena.resizeBlock(p, 100000, 50) == p);
  CHECK_EQUAL(arena.offset(), 50);
  void* last = arena.allocate(10);
  auto* moved = static_cast<char*>(arena.resizeBlock(p, 50, 200));
  CHECK(moved != p && moved[49] == 7 && p[49] == 7);
  CHECK(arena.resizeBlock(p, 50, 20) == p);
  CHECK(!arena.freeLast(last, 10));
  const std::size_t before = arena.offset();
  void* gone = arena.allocate(64);
  CHECK(arena.freeLast(gone, 64) && arena.offset() <= before + 15);
  CHECK(arena.resizeBlock(p, 50, SIZE_MAX - 10) == nullptr);
  CHECK(arena.resizeBlock(nullptr, 0, 10) != nullptr);
}

void rollbackGivesUpWhatCameSince() {
  Arena arena;
  arena.allocate(100);
  const Arena::Mark mark = arena.mark();
  void* first = arena.allocate(1000);
  arena.rollback(mark);
  CHECK_EQUAL(arena.offset(), 100);
  CHECK(arena.allocate(1000) == first);
  CHECK(arena.peak() >= 1100);
  const Arena::Mark later = arena.mark();
  arena.rollback(mark);
  CHECK_CONTAINS(inChild([&] { arena.rollback(later); }).error, "arena: rolled back to a mark that is no longer there");
  arena.reset();
  CHECK_EQUAL(inChild([&] { arena.rollback(mark); }).signal, SIGABRT);
  // Also where there is as much again: it is not what was there.
  CHECK(arena.allocate(5000) != nullptr);
  CHECK_EQUAL(inChild([&] { arena.rollback(mark); }).signal, SIGABRT);
}

void resetGivesMemoryBack() {
  Arena arena({.growth = Growth::kChunks});
  auto* p = static_cast<char*>(arena.allocate(1 << 20));
  std::memset(p, 1, 1 << 20);
  arena.reset();
  CHECK_EQUAL(arena.offset(), 0);
  CHECK(arena.capacity() >= 1 << 20);
  arena.reset(page);
  CHECK_EQUAL(arena.capacity(), page);
  CHECK(arena.allocate(1 << 20) == p);
  CHECK_EQUAL(p[page], 0);
  CHECK(!arena.resize(std::size_t{2} << 30));
  CHECK(arena.resize(0));
  CHECK_EQUAL(arena.capacity(), 1 << 20);
}

// What is used too late is caught.
void lateUsesAreCaught() {
  Arena fenced({.fence = true});
  fenced.allocate(10);
  const Arena::Mark mark = fenced.mark();
  auto* small = static_cast<unsigned char*>(fenced.allocate(10));
  auto* large = static_cast<char*>(fenced.allocate(10 * page));
  std::memset(large, 1, 10 * page);
  small[0] = 1;
  fenced.rollback(mark);
  CHECK_EQUAL(small[0], 0xdd);
  Arena closed;
  auto* p = static_cast<char*>(closed.allocate(100));
  closed.close();
  CHECK_EQUAL(closed.limit(), 0);
  CHECK(closed.allocate(1) == nullptr && closed.allocate(0) == nullptr && !closed.resize(1));
  closed.close();
  if (!alloc8::check::kSanitized) {
    CHECK_EQUAL(inChild([&] { large[5 * page] = 1; }).signal, SIGSEGV);
    CHECK_EQUAL(inChild([&] { p[0] = 1; }).signal, SIGSEGV);
  }
  CHECK(fenced.allocate(10 * page) != nullptr);
}

void aLimitOfTheProcessMakesItSmaller() {
  Arena arena({.limitBytes = std::size_t{1} << 55});
  CHECK(arena.limit() > 0 && arena.limit() < std::size_t{1} << 55);
  CHECK(arena.allocate(100) != nullptr);
}

void itSaysWhatItIs() {
  Arena arena({.limitBytes = 1 << 20, .chunkBytes = page, .growth = Growth::kChunks});
  arena.allocate(100);
  char text[256];
  const std::string expected = "{\"offset\":100,\"capacity\":" + std::to_string(page) +
                               ",\"limit\":1048576,\"peak\":100,\"generation\":0,\"growth\":\"chunks\","
                               "\"shared\":false,\"fence\":false}";
  CHECK_EQUAL(arena.dump(text, sizeof text), expected.size());
  CHECK_EQUAL(std::string(text), expected);
  CHECK_EQUAL(arena.dump(text, 10), expected.size());
  CHECK_EQUAL(std::string(text), expected.substr(0, 9));
  CHECK_EQUAL(arena.dump(nullptr, 0), expected.size());
}

void threadsShareOne() {
  SharedArena arena({.chunkBytes = page});
  std::vector<std::thread> threads;
  std::vector<std::vector<unsigned char*>> blocks(4);
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 5000; ++i) {
        auto* p = static_cast<unsigned char*>(arena.allocate(1 + i % 100));
        CHECK(p != nullptr && at(p, 16));
        std::memset(p, static_cast<int>(thread * 50 + i % 50), 1 + i % 100);
        if (i % 3 == 0 && arena.freeLast(p, 1 + i % 100)) continue;
        blocks[thread].push_back(p);
        if (blocks[thread].size() > 1) CHECK(blocks[thread].end()[-2] != p);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t thread = 0; thread < 4; ++thread) {
    for (const unsigned char* p : blocks[thread]) CHECK_EQUAL(*p / 50, thread);
  }
}

void containersUseIt() {
  Arena arena;
  alloc8::ArenaResource resource(arena);
  const Arena::Mark mark = arena.mark();
  {
    std::pmr::vector<std::pmr::string> words(&resource);
    for (int i = 0; i < 1000; ++i) words.emplace_back("a word that is too long to stand in the string itself");
    CHECK(arena.owns(words.data()) && arena.owns(words.back().data()));
  }
  arena.rollback(mark);
  Arena tiny({.limitBytes = page});
  alloc8::ArenaResource small(tiny);
  bool thrown = false;
  try {
    static_cast<void>(small.allocate(2 * page));
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  CHECK(thrown);
}

}  // namespace

int main() {
  RUN(blocksLieBehindOneAnother);
  RUN(sizesAndAlignmentsAreChecked);
  RUN(growthIsAsAskedFor);
  RUN(blocksNeverMove);
  RUN(blocksChangeTheirSize);
  RUN(rollbackGivesUpWhatCameSince);
  RUN(resetGivesMemoryBack);
  RUN(lateUsesAreCaught);
  RUN(aLimitOfTheProcessMakesItSmaller);
  RUN(itSaysWhatItIs);
  RUN(threadsShareOne);
  RUN(containersUseIt);
}
