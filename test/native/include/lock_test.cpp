// The lock: exclusion, sleeping rather than spinning, and release in the child of a fork.

#include "alloc8/lock.h"

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <thread>
#include <vector>

#include <unistd.h>

#include "check.h"
#include "child.h"

namespace {

using alloc8::Lock;
using alloc8::LockGuard;

constinit Lock constantInitialised;  // compiles only while that holds
static_assert(sizeof(Lock) == 4);

std::uint64_t threadCpuNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

void aHeldLockIsNotTakenAgain() {
  LockGuard guard(constantInitialised);
  CHECK(!constantInitialised.tryLock());
}

void aReleasedLockIsFree() {
  for (int i = 0; i < 3; ++i) {
    CHECK(constantInitialised.tryLock());
    constantInitialised.unlock();
  }
  { LockGuard guard(constantInitialised); }
  CHECK(constantInitialised.tryLock());
  constantInitialised.unlock();
}

void eightThreadsCountTogether() {
  constexpr int kThreads = 8;
  constexpr int kRounds = 50'000;
  Lock lock;
  long counter = 0;  // plain on purpose: only the lock orders it
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        if (round % 7 == 0) {
          while (!lock.tryLock()) std::this_thread::yield();
        } else {
          lock.lock();
        }
        ++counter;
        lock.unlock();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(counter, static_cast<long>(kThreads) * kRounds);
}

// Every sleeper gets its turn: a wake that is lost leaves one asleep and this test hanging.
void allSleepersAreWokenInTurn() {
  for (int round = 0; round < 50; ++round) {
    Lock lock;
    int counter = 0;
    lock.lock();
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        LockGuard guard(lock);
        ++counter;
      });
    }
    if (round % 2 == 0) usleep(1000);  // they sleep by now; otherwise some come while it is released
    lock.unlock();
    for (std::thread& thread : threads) thread.join();
    CHECK_EQUAL(counter, 6);
  }
}

void waitersSleep() {
  Lock lock;
  std::uint64_t cpuNs = 0;
  lock.lock();
  std::thread waiter([&] {
    lock.lock();
    cpuNs = threadCpuNs();
    lock.unlock();
  });
  usleep(200'000);
  lock.unlock();
  waiter.join();
  CHECK(cpuNs < 20'000'000);
}

void errnoIsKept() {
  Lock lock;
  lock.lock();
  int seen = 0;
  std::thread waiter([&] {
    errno = 4242;
    lock.lock();
    lock.unlock();
    seen = errno;
  });
  usleep(20'000);
  errno = 4242;
  lock.unlock();
  CHECK_EQUAL(errno, 4242);
  waiter.join();
  CHECK_EQUAL(seen, 4242);
}

// What the interposer does at a fork: the thread that forks holds the lock, the child releases it.
void theChildOfAForkReleasesIt() {
  Lock lock;
  lock.lock();
  CHECK_IN_CHILD([&] {
    CHECK(!lock.tryLock());
    lock.unlock();
    CHECK(lock.tryLock());
    lock.unlock();
    lock.lock();
    lock.unlock();
  });
  CHECK(!lock.tryLock());
  lock.unlock();
}

// The same while another thread sleeps on it, which the child does not have.
void theChildOfAForkReleasesItPastSleepers() {
  Lock lock;
  lock.lock();
  std::thread sleeper([&] { LockGuard guard(lock); });
  usleep(20'000);
  CHECK_IN_CHILD([&] {
    lock.unlock();
    for (int i = 0; i < 100; ++i) LockGuard guard(lock);
  });
  lock.unlock();
  sleeper.join();
}

}  // namespace

int main() {
  RUN(aHeldLockIsNotTakenAgain);
  RUN(aReleasedLockIsFree);
  RUN(eightThreadsCountTogether);
  RUN(allSleepersAreWokenInTurn);
  RUN(waitersSleep);
  RUN(errnoIsKept);
  RUN(theChildOfAForkReleasesIt);
  RUN(theChildOfAForkReleasesItPastSleepers);
}
