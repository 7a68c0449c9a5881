// The threads of a puppet by their tokens, and the places where threads meet. Both are tables of fixed size outside of
// any heap; the meeting places lie in a file of the controller's, which it shares with all of a puppet's processes, so
// that a parent and its child can be released at one moment, and the controller can say that nobody else comes.

#ifndef __linux__
#error "this file is for Linux"
#endif

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <climits>
#include <ctime>

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

constexpr std::uint64_t kRound = std::uint64_t{1} << 32;
// How long one sleeps before it looks whether it waits in vain.
constexpr long kLookNs = 20'000'000;
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

bool prepareMeetings(const char* path) {
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  void* memory = mmap(nullptr, kMeetings * sizeof(Meeting), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return false;
  g_meetings = static_cast<Meeting*>(memory);
  return true;
}

int meet(std::uint64_t place, std::uint64_t parties, std::uint32_t within) {
  if (place >= kMeetings || within >= kMeetings || parties == 0) return EINVAL;
  const std::atomic_ref state(g_meetings[place].state);
  const std::atomic_ref abandoned(g_meetings[within].abandoned);
  if (abandoned.load() != 0) return ECANCELED;
  // The half that changes when all are there; x86-64 and arm64 have it last.
  auto* roundWord = reinterpret_cast<std::uint32_t*>(&g_meetings[place].state) + 1;
  std::uint64_t seen = state.load();
  std::uint64_t round = 0;
  bool last = false;
  do {
    round = seen / kRound;
    last = seen % kRound + 1 == parties;
  } while (!state.compare_exchange_weak(seen, last ? (round + 1) * kRound : seen + 1));
  if (last) {
    syscall(SYS_futex, roundWord, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    return 0;
  }
  const auto waiting = [&] { return state.load() / kRound == round; };
  // A short spin first: whoever waits in the kernel starts microseconds after the others.
  for (int i = 0; i < 10000 && waiting(); ++i) {
  }
  while (waiting()) {
    const timespec look{0, kLookNs};
    syscall(SYS_futex, roundWord, FUTEX_WAIT, static_cast<std::uint32_t>(round), &look, nullptr, 0);
    if (!waiting() || abandoned.load() == 0) continue;
    for (seen = state.load(); seen / kRound == round;) {
      if (state.compare_exchange_weak(seen, seen - 1)) return ECANCELED;
    }
  }
  return 0;
}

}  // namespace alloc8::puppet
