// Calls a heap's hooks (alloc8/thread_hooks.h) when threads begin and end. Linked in only where a heap wants them.
//
// libc exports no function behind pthread_create since 2.34, so ours looks the next definition up. The start routine is
// replaced by one that calls the hook first; std::thread and the like come through pthread_create, thrd_create does
// not. The end is that of thread-specific data: a key's destructor runs for every way out of a thread, main's
// pthread_exit included, and after the destructors of C++'s thread_local. It arms itself again until the last round,
// because destructors of other keys may free, and what they arm again may, too.

#if !defined(__linux__)
#error "interpose/glibc is for Linux with glibc"
#endif

#include "alloc8/thread_hooks.h"

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>

#include <pthread.h>
#include <threads.h>

#include "interpose/c_bridge.h"
#include "interpose/next.h"

extern "C" {
// The witness's, where it is loaded: it counts threads for the session. 0: one has begun, 1: one has ended.
ALLOC8_WEAK void alloc8_thread_event(int event);
}

namespace alloc8::interpose {

namespace {

enum Event : int { kBegun = 0, kEnded = 1 };

// What a thread is to run.
struct Start {
  void* (*posix)(void*);
  int (*c11)(void*);
  void* argument;
};

constinit Next<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)> nextPthreadCreate{"pthread_create"};
constinit Next<int(thrd_t*, thrd_start_t, void*)> nextThrdCreate{"thrd_create"};
std::atomic<bool> ready{false};
pthread_key_t endKey;

// Whether this thread has had its first hook, and not yet its second.
constinit thread_local bool alive = false;

void tell(Event event) {
  if (alloc8_thread_event != nullptr) alloc8_thread_event(event);
}

void end() {
  if (!alive) return;
  alive = false;
  if (xxthread_cleanup != nullptr) xxthread_cleanup();
  tell(kEnded);
}

// `round` counts the calls from 1; where the key cannot be armed again this was the last.
void atEnd(void* round) {
  const auto count = reinterpret_cast<std::uintptr_t>(round);
  if (count < PTHREAD_DESTRUCTOR_ITERATIONS && pthread_setspecific(endKey, reinterpret_cast<void*>(count + 1)) == 0) {
    return;
  }
  end();
}

void begin() {
  if (alive || !ready.load(std::memory_order_acquire)) return;
  const alloc8::detail::KeepErrno keep;
  alive = true;
  if (xxthread_init != nullptr) xxthread_init();
  tell(kBegun);
  pthread_setspecific(endKey, reinterpret_cast<void*>(std::uintptr_t{1}));
}

Start taken(void* given) {
  const Start start = *static_cast<Start*>(given);
  begin();
  Rules::free(given);
  return start;
}

void* runPosix(void* given) {
  const Start start = taken(given);
  return start.posix(start.argument);
}

int runC11(void* given) {
  const Start start = taken(given);
  return start.c11(start.argument);
}

void noteThreads() {
  if (&xxthread_created_flag != nullptr) xxthread_created_flag = 1;
}

// Has `create` begin a thread that takes what it is given; `create` gives 0 where it did. `noMemory` is what its kind
// of function answers without memory. Keeps errno, which neither kind uses.
template <class Create>
int beginThread(const Start& start, int noMemory, Create create) {
  const alloc8::detail::KeepErrno keep;
  auto* given = static_cast<Start*>(Rules::malloc(sizeof(Start)));
  if (given == nullptr) return noMemory;
  *given = start;
  noteThreads();
  const int error = create(given);
  if (error != 0) Rules::free(given);
  return error;
}

// A forked child is a process with one thread, which goes on.
void inChild() {
  if (alive) tell(kBegun);
}

// After the heap (101) and before whatever a user of the hooks starts (from 201).
__attribute__((constructor(200))) void startHooks() {
  const alloc8::detail::KeepErrno keep;
  nextPthreadCreate.find();
  nextThrdCreate.find();
  if (pthread_key_create(&endKey, atEnd) == 0) {
    ready.store(true, std::memory_order_release);
    begin();
    pthread_atfork(nullptr, nullptr, inChild);
  }
}

// The thread that ends the process has no destructors of thread-specific data.
__attribute__((destructor(200))) void endHooks() { end(); }

}  // namespace

}  // namespace alloc8::interpose

extern "C" {

ALLOC8_EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                                 void* argument) noexcept {
  using namespace alloc8::interpose;
  auto* create = nextPthreadCreate.find();
  if (create == nullptr) return EAGAIN;
  return beginThread({start, nullptr, argument}, EAGAIN,
                     [&](Start* given) { return create(thread, attributes, runPosix, given); });
}

ALLOC8_EXPORT int thrd_create(thrd_t* thread, thrd_start_t start, void* argument) {
  static_assert(thrd_success == 0);
  using namespace alloc8::interpose;
  auto* create = nextThrdCreate.find();
  if (create == nullptr) return thrd_error;
  return beginThread({nullptr, start, argument}, thrd_nomem,
                     [&](Start* given) { return create(thread, runC11, given); });
}
}
