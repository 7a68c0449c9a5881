/*
 * Where a heap puts blocks of each size: three threads, four blocks each, from 16 bytes to 4 MiB. Shown are the spacing
 * within a thread, the distance to the next thread, the mapping, and how much was newly mapped for it; then which freed
 * addresses are used again, and by whom.
 */

#include <pthread.h>

#include "lab.h"

enum { THREADS = 3, BLOCKS = 4 };
static const size_t sizes[] = {16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304};
enum { SIZES = COUNT(sizes) };

static void* blocks[THREADS][SIZES][BLOCKS];
static long mapped[THREADS][SIZES];
static pthread_barrier_t turn;
static void* volatile handed;

static void add_size(const struct mapping* mapping, void* sum) { *(long*)sum += (long)(mapping->end - mapping->start); }

static long mapped_bytes(void) {
  long sum = 0;
  each_mapping(add_size, &sum);
  return sum;
}

static void allocate_all(int id) {
  for (int s = 0; s < SIZES; ++s) {
    long before = mapped_bytes();
    for (int i = 0; i < BLOCKS; ++i) blocks[id][s][i] = malloc(sizes[s]);
    mapped[id][s] = mapped_bytes() - before;
  }
}

/* Thread 0 frees a block; who gets its address next? */
static void* reuse(int id) {
  if (id == 0) {
    void* first = malloc(64);
    uintptr_t was = number(first);
    free(first);
    void* second = malloc(64);
    say("reuse: thread 0 frees a block of 64 bytes and allocates again: %s",
        number(second) == was ? "the same address" : "another address");
    handed = (void*)number(second);
    free(second);
    return NULL;
  }
  if (id != 1) return NULL;
  void* mine = malloc(64);
  say("reuse: thread 1 allocates after thread 0 has freed: %s",
      number(mine) == number(handed) ? "the address that thread 0 freed" : "an address of its own");
  return mine;
}

static void* work(void* argument) {
  int id = (int)(intptr_t)argument;
  for (int now = 0; now < THREADS; ++now) {
    if (now == id) allocate_all(id);
    pthread_barrier_wait(&turn);
  }
  pthread_barrier_wait(&turn);
  void* left = NULL;
  for (int now = 0; now < THREADS; ++now) {
    if (now == id) left = reuse(id);
    pthread_barrier_wait(&turn);
  }
  free(left);
  for (int s = 0; s < SIZES; ++s)
    for (int i = 0; i < BLOCKS; ++i) free(blocks[id][s][i]);
  return NULL;
}

static void show(void) {
  for (int s = 0; s < SIZES; ++s) {
    say("size %zu:", sizes[s]);
    for (int id = 0; id < THREADS; ++id) {
      void** row = blocks[id][s];
      struct mapping around = mapping_of(row[0]);
      say("  thread %d: first %p, spacing %+ld %+ld %+ld, in %s of %lu KiB, newly mapped %ld KiB", id, row[0],
          (long)(number(row[1]) - number(row[0])), (long)(number(row[2]) - number(row[1])),
          (long)(number(row[3]) - number(row[2])), mapping_name(&around),
          (unsigned long)(around.end - around.start) / 1024, mapped[id][s] / 1024);
    }
    say("  threads 0 and 1 are %lu bytes apart", (unsigned long)distance(blocks[0][s][0], blocks[1][s][0]));
  }
}

int main(void) {
  pthread_t threads[THREADS];
  pthread_barrier_init(&turn, NULL, THREADS + 1);
  for (int id = 0; id < THREADS; ++id) pthread_create(&threads[id], NULL, work, (void*)(intptr_t)id);
  for (int now = 0; now < THREADS; ++now) pthread_barrier_wait(&turn);
  show();
  for (int now = 0; now < THREADS + 1; ++now) pthread_barrier_wait(&turn);
  for (int id = 0; id < THREADS; ++id) pthread_join(threads[id], NULL);

  int overlaps = 0;
  for (int a = 0; a < THREADS * SIZES * BLOCKS; ++a)
    for (int b = 0; b < a; ++b) {
      int sa = a / BLOCKS % SIZES;
      int sb = b / BLOCKS % SIZES;
      uintptr_t pa = number((&blocks[0][0][0])[a]);
      uintptr_t pb = number((&blocks[0][0][0])[b]);
      overlaps += pa < pb + sizes[sb] && pb < pa + sizes[sa];
    }
  say("blocks: %d of %d sizes in %d threads, overlapping pairs: %d", THREADS * SIZES * BLOCKS, SIZES, THREADS,
      overlaps);
  return overlaps != 0;
}
