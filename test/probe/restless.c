// Allocates, hands over and frees as fast as it can, in threads that come and go and in children that do the same: what
// a reader sees of it is never at rest.
//
//   restless SECONDS THREADS CHILDREN

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kPlaces = 2 };

// Blocks that one thread leaves and another takes; so few of a class that nobody else has that one which is seen to be
// taken and not to be given makes more taken than given.
static _Atomic(void*) places[kPlaces];
static double endTime;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void* work(void* argument) {
  unsigned seed = (unsigned)(size_t)argument;
  for (int i = 0; i < 20000 && now() < endTime; ++i) {
    for (int j = 0; j < 50; ++j) {
      seed = seed * 1103515245U + 12345U;
      void* mine = malloc(5000 + (seed >> 8 & 63));
      free(atomic_exchange(&places[seed >> 20 & (kPlaces - 1)], mine));
    }
  }
  return NULL;
}

// Rounds of threads until the end; a child now and then.
static void rounds(int threads, int children) {
  for (unsigned round = 0; now() < endTime; ++round) {
    pthread_t started[64];
    // Now few, now many, so that slots are taken over and the file grows.
    const int count = 1 + (int)(round % (unsigned)threads);
    for (int i = 0; i < count; ++i)
      pthread_create(&started[i], NULL, work, (void*)(size_t)(round * 64 + (unsigned)i + 1));
    if (children > 0 && round % 4 == 0) {
      const pid_t child = fork();
      if (child == 0) {
        work((void*)(size_t)(round + 77));
        _exit(0);
      }
    }
    for (int i = 0; i < count; ++i) pthread_join(started[i], NULL);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
  }
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int threads = atoi(argv[2]);
  if (threads < 1 || threads > 64) return 2;
  endTime = now() + atof(argv[1]);
  rounds(threads, atoi(argv[3]));
  while (wait(NULL) > 0) {
  }
  return 0;
}
