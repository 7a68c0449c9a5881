// A heap whose constructor starts threads and waits for them, forks, reads the environment and prints into memory. Its
// threads allocate, look symbols up and start a thread themselves, all while there is no heap yet. One that it does not
// wait for forks meanwhile: the child must have a whole heap. What went wrong ends the process with a message.

#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "lazy_simple.h"

using planted::require;

static std::atomic<bool> forks{false};
static std::atomic<bool> built{false};
static pthread_t forker;

static void allocates(int seed) {
  char* blocks[50];
  for (int i = 0; i < 50; ++i) {
    blocks[i] = static_cast<char*>(i % 2 != 0 ? ::malloc(100 + i) : ::calloc(1, 100 + i));
    require(blocks[i] != nullptr, "a thread of the constructor got no block");
    std::memset(blocks[i], seed + i, 100);
  }
  for (int i = 0; i < 50; ++i) {
    blocks[i] = static_cast<char*>(::realloc(blocks[i], 3000));
    for (int at = 0; at < 100; ++at) {
      require(blocks[i][at] == static_cast<char>(seed + i), "a block of the constructor's thread lost its contents");
    }
    ::free(blocks[i]);
  }
}

static void* inner(void* seed) {
  allocates(*static_cast<int*>(seed));
  return nullptr;
}

static void* outer(void* given) {
  int seed = *static_cast<int*>(given);
  allocates(seed);
  require(dlsym(RTLD_NEXT, "malloc") != nullptr, "a thread of the constructor found no malloc");
  pthread_t thread;
  require(pthread_create(&thread, nullptr, inner, &seed) == 0, "a thread of the constructor started none");
  pthread_join(thread, nullptr);
  return nullptr;
}

static void requireGoodEnd(pid_t child) {
  int status = 1;
  require(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a child of the constructor failed");
}

static void* forksMeanwhile(void*) {
  forks = true;
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    allocates(7);
    _exit(built ? 0 : 3);
  }
  requireGoodEnd(child);
  return nullptr;
}

class BusyConstructor : public planted::LazySimple {
 public:
  BusyConstructor() {
    allocates(1);
    char text[200];
    const char* home = std::getenv("HOME");
    std::snprintf(text, sizeof text, "%s %.3f", home == nullptr ? "none" : home, 1.5);
    require(std::strstr(text, " 1.500") != nullptr, "snprintf in a constructor gave something else");
    pthread_t threads[3];
    int seeds[3] = {10, 20, 30};
    for (int i = 0; i < 3; ++i) {
      require(pthread_create(&threads[i], nullptr, outer, &seeds[i]) == 0, "a constructor started no thread");
    }
    for (pthread_t thread : threads) pthread_join(thread, nullptr);
    const pid_t child = fork();
    if (child == 0) {
      alarm(10);
      allocates(5);
      _exit(0);
    }
    requireGoodEnd(child);
    require(pthread_create(&forker, nullptr, forksMeanwhile, nullptr) == 0, "a constructor started no thread");
    while (!forks) usleep(100);
    usleep(20'000);  // whoever does not wait for the heap has forked by now
    built = true;
  }
};

__attribute__((destructor)) static void end() { pthread_join(forker, nullptr); }

using BusyRedirect = alloc8::HeapRedirect<BusyConstructor>;
ALLOC8_REDIRECT(BusyRedirect);
