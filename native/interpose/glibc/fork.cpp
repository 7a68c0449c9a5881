// Fork: our handlers hold the heap's lock across it, so that the child never inherits a heap that another thread was
// changing.
//
// Handlers for "prepare" run last-registered first, the others first-registered first. Ours must be the innermost: the
// lock is taken after every other prepare handler and released before every other handler in parent and child, because
// those may allocate. That needs the very first registration of the process, which constructor order does not give; so
// the registration function itself is interposed, and whoever registers first makes us register before. So is fork,
// because constructors of libraries run before ours, and may start threads and fork.

#if !defined(__linux__)
#error "interpose/glibc is for Linux with glibc"
#endif

#include <atomic>
#include <cerrno>
#include <cstddef>

#include <sys/types.h>
#include <unistd.h>

#include "alloc8/bridge.h"
#include "alloc8/lock.h"
#include "alloc8/pages.h"
#include "interpose/fork_lock.h"
#include "interpose/glibc/whole.h"
#include "interpose/next.h"
#include "platform/platform.h"

extern "C" {
extern void* __dso_handle;
// Ours, under a name that nothing replaces.
ALLOC8_HIDDEN int alloc8_register_atfork(void (*)(), void (*)(), void (*)(), void*) noexcept
    __attribute__((alias("__register_atfork")));
// Weak, because libc.a has it in a file with functions that fork itself needs.
ALLOC8_WEAK ALLOC8_EXPORT int __register_atfork(void (*)(), void (*)(), void (*)(), void*) noexcept;
// libc's fork by its other name, for static programs.
ALLOC8_WEAK pid_t __fork();
}

namespace alloc8::interpose {

const char forkIsLinked = 0;

namespace {

using Handler = void (*)();
using RegisterAtFork = int (*)(Handler, Handler, Handler, void*);
using PthreadAtFork = int (*)(Handler, Handler, Handler);

enum State : unsigned { kNone, kRegistering, kDone };
std::atomic<unsigned> state{kNone};
std::atomic<RegisterAtFork> libcRegister{nullptr};
constinit Next<pid_t()> nextFork{"fork"};

// Brings libc.a's fork into a static program, where ours would leave nobody who asks for it: daemon forks.
[[gnu::used]] int (*const forks)(int, int) = &daemon;

int registerInLibc(Handler before, Handler inParent, Handler inChild, void* object) {
  const RegisterAtFork real = libcRegister.load(std::memory_order_acquire);
  if (real != nullptr) return real(before, inParent, inChild, object);
  // A program of another libc, which inherited the preload from its parent and must not suffer from it.
  void* plain = alloc8::platform::nextSymbol("pthread_atfork");
  return plain == nullptr ? ENOSYS : reinterpret_cast<PthreadAtFork>(plain)(before, inParent, inChild);
}

void registerFirst() {
  if (ALLOC8_LIKELY(state.load(std::memory_order_acquire) == kDone)) return;
  unsigned seen = kNone;
  if (!state.compare_exchange_strong(seen, kRegistering, std::memory_order_acq_rel)) {
    while (state.load(std::memory_order_acquire) != kDone) alloc8::detail::yieldThread();
    return;
  }
  auto real = reinterpret_cast<RegisterAtFork>(alloc8::platform::nextSymbol("__register_atfork"));
  // In a static program there is no next one, and libc's own has taken the place of ours, which is weak.
  if (real == nullptr && &__register_atfork != &alloc8_register_atfork) real = &__register_atfork;
  libcRegister.store(real, std::memory_order_release);
  nextFork.find();  // not first in a signal handler that forks
  if (registerInLibc(ForkLock::prepare, ForkLock::parent, ForkLock::child, &__dso_handle) != 0) {
    alloc8::fatal("could not register fork handlers; a fork could deadlock");
  }
  state.store(kDone, std::memory_order_release);
}

// Builds a heap that is not constant-initialised while the process is single-threaded, and sees to it that realloc can
// rest on getSize: what that does not count would be lost without a sign.
void tryHeap() {
  constexpr std::size_t size = 24;
  void* block = xxmalloc(size);
  if (block != nullptr && xxmalloc_usable_size(block) < size) {
    alloc8::fatal("the heap's getSize says less than was asked for", block);
  }
  xxfree(block);
}

// Before constructors of default priority; 101 is the first that programs may use.
__attribute__((constructor(101))) void start() {
  const int saved = errno;
  registerFirst();  // before there is a heap, whose constructor may start threads that fork
  tryHeap();
  errno = saved;
}

}  // namespace

}  // namespace alloc8::interpose

extern "C" int __register_atfork(void (*prepareHandler)(), void (*parentHandler)(), void (*childHandler)(),
                                 void* object) noexcept {
  alloc8::interpose::registerFirst();
  return alloc8::interpose::registerInLibc(prepareHandler, parentHandler, childHandler, object);
}

extern "C" ALLOC8_EXPORT pid_t fork() noexcept {
  alloc8::interpose::registerFirst();
  if (auto* next = alloc8::interpose::nextFork.find()) return next();
  if (&__fork != nullptr) return __fork();
  errno = ENOSYS;
  return -1;
}
