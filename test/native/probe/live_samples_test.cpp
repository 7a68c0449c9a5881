// The table of sampled blocks: what is put in is found once, by any thread; what is full says so; a child's is empty.

#include "probe/live_samples.h"

#include <atomic>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

namespace {

using alloc8::probe::LiveSample;
using alloc8::probe::LiveSamples;

const void* blockAt(std::uintptr_t at) { return reinterpret_cast<const void*>(0x7f0000000000 + at * 48); }

LiveSample sampleOf(std::uintptr_t at) { return {at, at + 1, at + 2, static_cast<std::uint32_t>(at), 7}; }

void findsWhatWasPutIn() {
  LiveSamples* live = LiveSamples::make();
  constexpr std::uintptr_t kMany = 40000;
  for (std::uintptr_t at = 0; at < kMany; ++at) CHECK(live->put(blockAt(at), sampleOf(at)));
  LiveSample sample{};
  CHECK(!live->take(blockAt(kMany), &sample));
  for (std::uintptr_t at = 0; at < kMany; ++at) {
    CHECK(live->mayHave(blockAt(at)));
    CHECK(live->take(blockAt(at), &sample));
    CHECK_EQUAL(sample.bytes, at);
    CHECK_EQUAL(sample.requested, at + 1);
    CHECK(!live->take(blockAt(at), &sample));
  }
  // Empty again, the filter says no to all.
  for (std::uintptr_t at = 0; at < kMany; ++at) CHECK(!live->mayHave(blockAt(at)));
}

void saysWhenItIsFull() {
  LiveSamples* live = LiveSamples::make();
  std::uintptr_t put = 0;
  while (live->put(blockAt(put), sampleOf(put))) ++put;
  // Two buckets to choose from fill a table nearly to the end.
  CHECK(put > 50000);
  CHECK(put <= 65536);
  LiveSample sample{};
  CHECK(live->take(blockAt(0), &sample));
  CHECK(live->put(blockAt(0), sampleOf(0)));
}

void threadsShareIt() {
  LiveSamples* live = LiveSamples::make();
  constexpr int kThreads = 4;
  constexpr std::uintptr_t kEach = 20000;
  std::atomic<const void*> handed[kThreads] = {};
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      for (std::uintptr_t at = 0; at < kEach; ++at) {
        const std::uintptr_t own = at * kThreads + static_cast<std::uintptr_t>(number);
        if (!live->put(blockAt(own), sampleOf(own))) ++failures;
        // Every block is freed by whoever finds it in the next thread's hand.
        const void* other = handed[(number + 1) % kThreads].exchange(nullptr);
        LiveSample sample{};
        if (other != nullptr && !live->take(other, &sample)) ++failures;
        const void* mine = handed[number].exchange(blockAt(own));
        if (mine != nullptr && !live->take(mine, &sample)) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(failures.load(), 0);
}

void isEmptyInAChild() {
  LiveSamples* live = LiveSamples::make();
  CHECK(live->put(blockAt(1), sampleOf(1)));
  const pid_t child = fork();
  if (child == 0) _exit(live->mayHave(blockAt(1)) ? 1 : 0);
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  CHECK(live->mayHave(blockAt(1)));
}

}  // namespace

int main() {
  RUN(findsWhatWasPutIn);
  RUN(saysWhenItIsFull);
  RUN(threadsShareIt);
  RUN(isEmptyInAChild);
}
