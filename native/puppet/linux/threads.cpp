// The threads of a puppet by their tokens, and the places where threads meet. Both are tables of fixed size outside of
// any heap; the meeting places are shared with forks, so that a parent and its child can be released at one moment.

#ifndef __linux__
#error "this file is for Linux"
#endif

#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <climits>

#include "puppet/linux/actor.h"

namespace alloc8::puppet {

namespace {

// More than a process of usual limits can have at once.
constexpr std::size_t kMaxThreads = 16384;

struct Started {
  std::atomic<std::uint64_t> token{0};  // 0: free
  pthread_t thread{};
};
Started g_started[kMaxThreads];

constexpr std::size_t kMeetings = 256;
// A barrier for any number of parties: the last to come begins the next round, by which the others go on.
struct Meeting {
  std::atomic<std::uint32_t> arrived;
  std::atomic<std::uint32_t> round;
};
Meeting* g_meetings = nullptr;

void* playToken(void* argument) {
  Actor actor;
  actor.play(reinterpret_cast<std::uintptr_t>(argument));
  return nullptr;
}

Started* find(std::uint64_t token) {
  for (Started& each : g_started) {
    if (each.token.load(std::memory_order_acquire) == token) return &each;
  }
  return nullptr;
}

}  // namespace

int startActor(std::uint64_t token) {
  Started* place = nullptr;
  for (Started& each : g_started) {
    std::uint64_t free = 0;
    if (!each.token.compare_exchange_strong(free, token)) continue;
    place = &each;
    break;
  }
  if (place == nullptr) return EAGAIN;
  // By value: the place is this thread's until the token is let go of.
  const int error = pthread_create(&place->thread, nullptr, playToken, reinterpret_cast<void*>(token));
  if (error != 0) place->token.store(0, std::memory_order_release);
  return error;
}

int joinActor(std::uint64_t token) {
  Started* place = token == 0 ? nullptr : find(token);
  if (place == nullptr) return ESRCH;
  const int error = pthread_join(place->thread, nullptr);
  place->token.store(0, std::memory_order_release);
  return error;
}

bool prepareMeetings() {
  void* memory = mmap(nullptr, kMeetings * sizeof(Meeting), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  g_meetings = static_cast<Meeting*>(memory);
  return true;
}

bool meet(std::uint64_t place, std::uint64_t parties) {
  if (place >= kMeetings || parties == 0) return false;
  Meeting& meeting = g_meetings[place];
  const std::uint32_t round = meeting.round.load();
  if (meeting.arrived.fetch_add(1) + 1 == parties) {
    meeting.arrived.store(0);
    meeting.round.fetch_add(1);
    syscall(SYS_futex, &meeting.round, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    return true;
  }
  while (meeting.round.load() == round) {
    // A short spin first: whoever waits in the kernel starts microseconds after the others.
    for (int i = 0; i < 10000 && meeting.round.load() == round; ++i) {
    }
    if (meeting.round.load() == round) syscall(SYS_futex, &meeting.round, FUTEX_WAIT, round, nullptr, nullptr, 0);
  }
  return true;
}

}  // namespace alloc8::puppet
