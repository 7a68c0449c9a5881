// Starting and joining threads with checks, and a crew that keeps allocating until it is told to stop.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "random.h"

typedef void* ThreadBody(void*);

// Milliseconds of a clock that never goes back.
__attribute__((unused)) static long now_ms(void) {
  struct timespec now;
  CHECK_EQUAL(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline pthread_t thread_start(ThreadBody* body, void* argument) {
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, body, argument), 0);
  return thread;
}

static inline void* thread_join(pthread_t thread) {
  void* result = NULL;
  CHECK_EQUAL(pthread_join(thread, &result), 0);
  return result;
}

static atomic_int crew_stop;
static atomic_long crew_rounds;
static size_t crew_members;

enum { crew_most = 4, crew_blocks = 64, crew_batch_blocks = 320 };

static pthread_t crew[crew_most];

// What a crew may take in all in one process, in bytes, so that a heap that reuses little has room for it.
static const size_t crew_most_bytes = (size_t)512 << 20;
static atomic_size_t crew_bytes;

// What a member does from then on: more blocks at once than a cache of its thread may hold, freed from the last to the
// first, which even a heap takes back that takes back a thread's last block alone.
static inline void crew_batch(Random* random) {
  void* blocks[crew_batch_blocks];
  for (int at = 0; at < crew_batch_blocks; at++) {
    size_t size = 1 + random_size(random, at % 64 ? 4096 : 100000);
    blocks[at] = at % 2 ? malloc(size) : calloc(1, size);
    CHECK_BLOCK(blocks[at]);
    *(char*)blocks[at] = (char)size;
  }
  for (int at = crew_batch_blocks; at-- > 0;) free(blocks[at]);
}

// Allocates, resizes or frees one block of the member's, through one of several entry points.
static inline void crew_round(Random* random, void** block) {
  size_t size = 1 + random_size(random, random_below(random, 64) ? 4096 : 400000);
  if (atomic_fetch_add_explicit(&crew_bytes, size, memory_order_relaxed) > crew_most_bytes) {
    crew_batch(random);
    return;
  }
  switch (random_below(random, 5)) {
    case 0:
      free(*block);
      *block = calloc(1, size);
      break;
    case 1: *block = realloc(*block, size); break;
    case 2:
      free(*block);
      CHECK_EQUAL(posix_memalign(block, 64, size), 0);
      break;
    default:
      free(*block);
      *block = malloc(size);
      break;
  }
  CHECK_BLOCK(*block);
  *(char*)*block = (char)size;
}

// A member works all the time, so that any lock of the heap may be held at any moment. It is nice to the thread that
// is tested, which otherwise would mostly wait for a processor.
__attribute__((unused)) static void* crew_member(void* argument) {
  Random random = {(uintptr_t)argument + 1};
  void* blocks[crew_blocks] = {NULL};
  setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
  while (!atomic_load_explicit(&crew_stop, memory_order_relaxed)) {
    crew_round(&random, &blocks[random_below(&random, crew_blocks)]);
    atomic_fetch_add_explicit(&crew_rounds, 1, memory_order_relaxed);
  }
  for (size_t at = 0; at < crew_blocks; at++) free(blocks[at]);
  return NULL;
}

// Starts so many members (four at most) and waits until they are at work.
__attribute__((unused)) static void crew_begin(size_t members) {
  atomic_store(&crew_stop, 0);
  crew_members = members;
  for (size_t i = 0; i < members; i++) crew[i] = thread_start(crew_member, (void*)(i * 977));
  long start = atomic_load(&crew_rounds);
  while (atomic_load(&crew_rounds) < start + 200) usleep(100);
}

__attribute__((unused)) static void crew_end(void) {
  atomic_store(&crew_stop, 1);
  for (size_t i = 0; i < crew_members; i++) thread_join(crew[i]);
}
