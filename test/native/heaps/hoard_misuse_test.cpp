// What a debug build of the Hoard heap says of programs that misuse it, what it makes of pointers that are not its own,
// and what the child of a fork has of the memory of threads that are not there.

#include "heaps/hoard/hoard_heap.h"

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "../child.h"
#include "check.h"

namespace {

using alloc8::check::End;
using alloc8::check::inChild;
using alloc8::heaps::HoardHeap;
using Redirect = alloc8::HeapRedirect<HoardHeap>;

HoardHeap& heap() { return *Redirect::getHeap(); }

template <class Function>
void aborts(Function function, const char* word) {
  const End end = inChild(function);
  CHECK_EQUAL(end.signal, SIGABRT);
  CHECK(end.error.find(word) != std::string::npos);
}

void aBlockThatIsFreedTwiceIsNamed() {
  aborts(
      [] {
        void* p = heap().malloc(100);
        heap().free(p);
        heap().free(p);
      },
      "hoard: a block is freed twice: 0x");
  // After others were freed, in another thread, and where the buffer was full meanwhile.
  aborts(
      [] {
        std::vector<void*> blocks(5000);
        for (void*& block : blocks) block = heap().malloc(48);
        for (void* block : blocks) heap().free(block);
        std::thread([&] { heap().free(blocks[4000]); }).join();
      },
      "hoard: a block is freed twice: 0x");
  aborts(
      [] {
        void* p = heap().malloc(500000);
        heap().free(p);
        heap().free(p);
      },
      "hoard: free of what is no block");
}

void aPointerIntoABlockIsNamed() {
  aborts([] { heap().free(static_cast<char*>(heap().malloc(100)) + 16); }, "hoard: free of what is no block");
  aborts([] { heap().free(static_cast<char*>(heap().malloc(100)) + 60000); }, "hoard: free of what is no block");
  aborts([] { heap().free(static_cast<char*>(heap().malloc(500000)) + 65536); }, "hoard: free of what is no block");
}

void aPointerOfAnybodyElseIsNotOwned() {
  alignas(16) char local[64] = {};
  alignas(16) static char global[64];
  CHECK(!heap().owns(local) && !heap().owns(global) && !heap().owns(nullptr));
  CHECK(!heap().tryFree(local) && !heap().tryFree(global));
  void* foreign = std::calloc(1, 100);
  CHECK(!heap().owns(foreign));
  std::free(foreign);
  for (const std::size_t size : {1, 1000, 30000, 100000, 5000000, 50000000}) {
    void* p = heap().malloc(size);
    CHECK(heap().owns(p));
    heap().free(p);
  }
  for (const std::size_t alignment : {std::size_t{128} << 10, std::size_t{16} << 20, std::size_t{64} << 20}) {
    void* none = heap().memalign(alignment, 0);
    CHECK(none != nullptr && reinterpret_cast<std::uintptr_t>(none) % alignment == 0 && heap().getSize(none) > 0);
    std::memset(none, 1, heap().getSize(none));
    heap().free(none);
  }
  // The rest of a huge block's last region is anybody's.
  auto* huge = static_cast<char*>(heap().malloc(9 << 20));
  CHECK(heap().owns(huge) && !heap().owns(huge + heap().getSize(huge)));
  CHECK(!heap().tryFree(huge + heap().getSize(huge)));
  heap().free(huge);
  void* wide = heap().memalign(std::size_t{64} << 20, 100);
  CHECK(heap().owns(wide));
  heap().free(wide);
  CHECK(!heap().owns(wide));
  aborts([&local] { heap().free(local); }, "hoard: free of what is no block");
}

// A block that was freed and handed out again may be freed again, whatever the program wrote there.
void handedOutAgainIsNotFreedTwice() {
  for (int i = 0; i < 1000; ++i) {
    void* p = heap().malloc(64);
    if (i % 2 == 0) std::memset(p, 255, 64);
    heap().free(p);
  }
}

// The child has the blocks of all threads and may free them; what those threads held free serves it.
void theChildUsesWhatOtherThreadsHad() {
  std::atomic<int> ready{0};
  std::atomic<bool> over{false};
  std::vector<std::vector<void*>> alive(3);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < alive.size(); ++t) {
    threads.emplace_back([&, t] {
      heap().threadInit();
      std::vector<void*> blocks(20000);
      for (void*& block : blocks) std::memset(block = heap().malloc(200), 5, 200);
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (i % 4 == 0) alive[t].push_back(blocks[i]);
        if (i % 4 == 1) heap().free(blocks[i]);  // the rest is lost, in use for ever
      }
      ++ready;
      while (!over) std::this_thread::yield();
      heap().threadCleanup();
    });
  }
  while (ready != 3) std::this_thread::yield();
  heap().lock();
  const End end = inChild([&] {
    heap().forkChild();
    heap().check();
    const alloc8::HeapStats before = heap().stats();
    for (const std::vector<void*>& blocks : alive) {
      for (void* block : blocks) {
        CHECK_EQUAL(static_cast<char*>(block)[199], 5);
        heap().free(block);
      }
    }
    // Fifteen thousand of the threads' blocks are free by now and as many were when the child began.
    std::vector<void*> blocks(25000);
    for (void*& block : blocks) CHECK((block = heap().malloc(200)) != nullptr);
    CHECK(heap().stats().systemBytes <= before.systemBytes + (std::size_t{1} << 20));
    heap().check();
  });
  heap().unlock();
  over = true;
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(end.status, 0);
  for (const std::vector<void*>& blocks : alive) {
    for (void* block : blocks) heap().free(block);
  }
}

}  // namespace

int main() {
  RUN(aBlockThatIsFreedTwiceIsNamed);
  RUN(aPointerIntoABlockIsNamed);
  RUN(aPointerOfAnybodyElseIsNotOwned);
  RUN(handedOutAgainIsNotFreedTwice);
  RUN(theChildUsesWhatOtherThreadsHad);
}
