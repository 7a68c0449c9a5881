// A signal that ends the process is told to the controller first, with the address and the stack, by the thread that it
// came to; then the process dies by it as it would have without us. The controller looks at the process meanwhile.

#ifndef __linux__
#error "this file is for Linux"
#endif

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>

#include "puppet/linux/actor.h"

namespace alloc8::puppet {

namespace {

constexpr std::size_t kStackBytes = std::size_t{64} << 10;
thread_local void* t_stack = nullptr;

struct Frames {
  std::uint64_t* at;
  std::size_t capacity;
  std::uint32_t count;
};

_Unwind_Reason_Code addFrame(_Unwind_Context* context, void* argument) {
  auto* frames = static_cast<Frames*>(argument);
  if (frames->count == frames->capacity) return _URC_END_OF_STACK;
  int isInterrupted = 0;
  const std::uintptr_t address = _Unwind_GetIPInfo(context, &isInterrupted);
  // A return address lies behind its call; inside of it is what names the right line.
  if (address != 0) frames->at[frames->count++] = isInterrupted != 0 ? address : address - 1;
  return _URC_NO_REASON;
}

// Which thread of which process reports: a child of a fork does not wait for a thread of its parent.
std::atomic<std::uint64_t> s_reporter{0};

constexpr int kWaits = 300;
constexpr timespec kWait{0, 10'000'000};

void onSignal(int signal, siginfo_t* info, void*) {
  const std::uint64_t process = static_cast<std::uint64_t>(getpid()) << 32;
  const std::uint64_t own = process | static_cast<std::uint32_t>(gettid());
  std::uint64_t other = s_reporter.load();
  const bool isTaken =
      (other & ~std::uint64_t{0xffffffff}) == process || !s_reporter.compare_exchange_strong(other, own);
  if (!isTaken) {
    if (Actor* actor = Actor::current()) {
      actor->reportDeath(signal, info->si_code, reinterpret_cast<std::uintptr_t>(info->si_addr));
    }
  } else if (other != own) {
    // Two threads at once: the process dies of what the first has met, and not before it has said so.
    for (int i = 0; i < kWaits; ++i) nanosleep(&kWait, nullptr);
  }
  // Also of a second one inside of this.
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  sigaction(signal, &usual, nullptr);
  // It is blocked here and comes once this returns.
  syscall(SYS_tgkill, getpid(), gettid(), signal);
}

}  // namespace

std::uint32_t collectFrames(std::uint64_t* frames, std::size_t capacity) {
  Frames found{frames, capacity, 0};
  _Unwind_Backtrace(addFrame, &found);
  return found.count;
}

void watchSignals() {
  struct sigaction action {};
  action.sa_sigaction = onSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP, SIGSYS})
    sigaction(signal, &action, nullptr);
}

void giveSignalStack() {
  void* memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  t_stack = memory;
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = kStackBytes;
  sigaltstack(&stack, nullptr);
}

void takeSignalStack() {
  if (t_stack == nullptr) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  munmap(t_stack, kStackBytes);
  t_stack = nullptr;
}

}  // namespace alloc8::puppet
