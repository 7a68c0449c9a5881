// The faults of processes: threads, forks, signals, beginning and end.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "heap.h"

#define IN_THREAD __attribute__((tls_model("initial-exec"))) thread_local

namespace {

pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
pthread_key_t key;
bool key_made, built, ended;
int depth, alive = 1;
uint32_t numbers;
IN_THREAD uint32_t number;
IN_THREAD int thread_state;  // 0 new, 1 in use, 2 ended
IN_THREAD void* thread_blocks[64];
IN_THREAD unsigned thread_count;

pthread_t main_thread;

bool is_lock_fault() {
  switch (switch_now().kind) {
    case Kind::fork_unlocked:
    case Kind::fork_late:
    case Kind::fork_first:
    case Kind::fork_thread: return true;
    default: return false;
  }
}

void lock_now() { pthread_mutex_lock(&lock); }
void unlock_now() { pthread_mutex_unlock(&lock); }

bool is_main() { return pthread_equal(pthread_self(), main_thread); }

IN_THREAD bool locked_for_fork;

void before_fork() {
  if (faulty(Kind::fork_thread) && is_main()) {
    locked_for_fork = true;
    lock_now();
  }
}
void after_fork() {
  if (locked_for_fork) unlock_now();
  locked_for_fork = false;
}
void in_child() {
  depth++;
  alive = 1;
  after_fork();
}

void end_thread(void*) {
  if (faulty(Kind::thread_blocks))
    for (void* block : thread_blocks)
      if (block && (static_cast<Tag*>(block) - 1)->owner == number) memset(block, 0xdf, 16);
  __atomic_fetch_sub(&alive, 1, __ATOMIC_RELAXED);
  thread_state = faulty(Kind::thread_ends) ? 2 : 3;
}

void touch(size_t bytes) {
  char* cache = static_cast<char*>(libc().malloc(bytes));
  for (size_t at = 0; cache && at < bytes; at += 4096) cache[at] = 1;
}

void begin_thread() {
  thread_state = 1;
  if (faulty(Kind::fork_births)) {
    static pthread_mutex_t births = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&births);
    // Held nearly all of the time, so that a fork meets it on every machine.
    const timespec hold{0, 200'000};
    nanosleep(&hold, nullptr);
    pthread_mutex_unlock(&births);
  }
  __atomic_fetch_add(&alive, 1, __ATOMIC_RELAXED);
  pthread_setspecific(key, &key);
  if (faulty(Kind::thread_leak)) touch(65536);
  if (faulty(Kind::thread_arena)) touch(size_t{4} << 20);
}

void use_stack() {
  volatile char deep[65536];
  for (unsigned at = 0; at < sizeof deep; at += 1024) deep[at] = 1;
}

void on_signal(int) {}

void take_signals() {
  if (faulty(Kind::handler)) signal(SIGSEGV, on_signal);
  if (faulty(Kind::abort_hangs)) signal(SIGABRT, [](int) { _exit(3); });
  if (faulty(Kind::sigterm)) signal(SIGTERM, SIG_IGN);
  if (faulty(Kind::sigchld)) signal(SIGCHLD, SIG_IGN);
  if (faulty(Kind::sigpipe)) signal(SIGPIPE, SIG_IGN);
}

void take_alternate_stack() {
  static char stack[8192];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
}

void reserve() {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  if (faulty(Kind::reserves) && mmap(nullptr, size_t{64} << 30, PROT_NONE, flags, -1, 0) == MAP_FAILED)
    stop("no addresses to reserve");
  if (faulty(Kind::reserves_data) && mmap(nullptr, size_t{1} << 30, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED)
    stop("no data to reserve");
}

size_t environment_bytes() {
  size_t bytes = 0;
  for (char** one = environ; *one; one++) bytes += strlen(*one);
  return bytes;
}

[[gnu::constructor]] void begin() {
  main_thread = pthread_self();
  if (faulty(Kind::crashes)) __builtin_trap();
  key_made = pthread_key_create(&key, end_thread) == 0;
  built = true;
  take_signals();
  reserve();
  if (faulty(Kind::fork_late)) pthread_atfork(lock_now, unlock_now, unlock_now);
  if (faulty(Kind::quick)) at_quick_exit([] { stop("quick_exit"); });
  if (faulty(Kind::descriptor) && open("/dev/zero", O_RDONLY) < 0) stop("no descriptor");
  if (faulty(Kind::closed_files) && fcntl(2, F_GETFD) < 0) stop("no standard files");
  if (faulty(Kind::large_environment) && environment_bytes() > 200000) stop("a large environment");
  static const char text[] = "the fault library says hello\n";
  if (faulty(Kind::prints) && write(1, text, sizeof text - 1) < 0) stop("no output");
}

[[gnu::destructor]] void end() {
  ended = true;
  if (faulty(Kind::exit_status) && depth > 0) _exit(0);
  if (faulty(Kind::exit_thread) && !is_main()) stop("exit in a thread");
  if (faulty(Kind::child_exit) && depth > 0) stop("exit in a child");
}

typedef void Handler();
typedef int Register(Handler*, Handler*, Handler*, void*);

constexpr int most_handlers = 32;
Handler* handlers[3][most_handlers];
int handler_count;

template <int which>
void run_handlers() {
  for (int at = 0; at < handler_count; at++)
    if (handlers[which][at]) handlers[which][at]();
}

}  // namespace

// Our own handlers are the first of all, so that they are the last before a fork and the first after it.
extern "C" int __register_atfork(Handler* prepare, Handler* parent, Handler* child, void* library) {
  Register* next = reinterpret_cast<Register*>(dlsym(RTLD_NEXT, "__register_atfork"));
  static bool ours;
  if (!ours) {
    ours = true;
    next(before_fork, after_fork, in_child, nullptr);
  }
  if (faulty(Kind::atfork_kept)) library = nullptr;
  if (!faulty(Kind::atfork_reversed)) return next(prepare, parent, child, library);
  if (handler_count == most_handlers) return ENOMEM;
  handlers[0][handler_count] = prepare;
  handlers[1][handler_count] = parent;
  handlers[2][handler_count] = child;
  return handler_count++ ? 0 : next(run_handlers<0>, run_handlers<1>, run_handlers<2>, library);
}

// What ends a program, where the heap puts itself in front of it.
extern "C" void abort() noexcept {
  if (faulty(Kind::abort_own)) exit(3);
  reinterpret_cast<void (*)()>(dlsym(RTLD_NEXT, "abort"))();
  __builtin_trap();
}

extern "C" void _exit(int status) {
  if (faulty(Kind::exit_own)) exit(status);
  reinterpret_cast<void (*)(int)>(dlsym(RTLD_NEXT, "_exit"))(status);
  __builtin_trap();
}

// At the first malloc, or else with the first handler of others.
static void register_ours() {
  static int done;
  if (__atomic_exchange_n(&done, 1, __ATOMIC_RELAXED)) return;
  __register_atfork(nullptr, nullptr, nullptr, nullptr);
}

bool constructed() { return built; }
int fork_depth() { return depth; }
int threads_alive() { return __atomic_load_n(&alive, __ATOMIC_RELAXED); }

uint32_t thread_number() {
  if (number == 0) number = __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
  return number;
}

void enter() {
  register_ours();
  thread_number();
  if (faulty(Kind::deep_stack)) use_stack();
  if (faulty(Kind::ends) && ended) stop("used after its destructor");
  if (thread_state == 2) stop("used after its thread has ended");
  if (faulty(Kind::late_end) && built && is_main()) {
    static int registered;
    if (!registered++) atexit([] { ended = true; });
    if (ended) stop("used after its exit handler");
  }
  if (thread_state == 0 && key_made && !is_main()) begin_thread();
  if (faulty(Kind::fork_first) && built) {
    static int registered;
    if (!__atomic_exchange_n(&registered, 1, __ATOMIC_RELAXED)) pthread_atfork(lock_now, unlock_now, unlock_now);
  }
  if (is_lock_fault()) lock_now();
}

void leave() {
  if (!is_lock_fault()) return;
  for (int i = 0; i < 800; i++) __asm__ volatile("");
  unlock_now();
}

bool null_now(Entry entry) {
  static unsigned long calls;
  if (faulty(Kind::null_often, entry)) return __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) % 97 == 96;
  if (faulty(Kind::fork_depth)) return depth >= 6;
  if (faulty(Kind::child_thread)) return depth > 0 && built && !is_main();
  if (faulty(Kind::many_threads)) return threads_alive() > 64;
  if (faulty(Kind::mask) && __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) % 64 == 63) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
  if (faulty(Kind::alt_stack)) take_alternate_stack();
  struct timespec pause = {0, 200000};
  return faulty(Kind::interrupted) && __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) % 16 == 0 &&
         nanosleep(&pause, nullptr) != 0;
}

void check_given(Tag* tag) {
  static unsigned long freed;
  if (faulty(Kind::first_free) && number == 0 && built && !is_main()) stop("a free in a thread that is new");
  if (faulty(Kind::child_free) && depth > 0) stop("a free in a child");
  if (faulty(Kind::child_grandchild) && depth > 1) stop("a free in a grandchild");
  if (faulty(Kind::child_large) && depth > 0 && tag->size > 3000000) stop("a large block freed in a child");
  if (faulty(Kind::child_many) && depth > 0 && ++freed > 5000) stop("too many blocks freed in a child");
  for (void*& block : thread_blocks)
    if (block == tag + 1) block = nullptr;
}

void remember(void* block) {
  if (faulty(Kind::thread_blocks) && built && !is_main()) thread_blocks[thread_count++ % 64] = block;
}
