/*
 * What a child inherits: blocks that threads hold, copied page by page when they are written to, and a heap that
 * another thread was busy with when fork came. Sixty children are made while two threads allocate without pause; each
 * of them must be able to allocate and free, for its parent's threads are not there to give back a lock.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "lab.h"

enum { PAGES = 64, WRITTEN = 16, PAGE = 4096, CHILDREN = 60, THREADS = 2 };

static char* memory;
static atomic_int stopping;
static atomic_long rounds;

static void* allocate_without_pause(void* argument) {
  unsigned seed = (unsigned)(uintptr_t)argument;
  void* held[64] = {0};
  while (!atomic_load(&stopping)) {
    seed = seed * 1103515245 + 12345;
    unsigned slot = seed >> 16 & 63;
    free(held[slot]);
    held[slot] = malloc(16u << (seed >> 24 & 7));
    atomic_fetch_add(&rounds, 1);
  }
  for (size_t i = 0; i < COUNT(held); ++i) free(held[i]);
  return NULL;
}

static long faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

static int inherit(void) {
  say("child: the block's first bytes are \"%s\", and its address is %p as well", memory, (void*)memory);
  long before = faults();
  for (int page = 0; page < PAGES; ++page)
    if (memory[page * PAGE + 100] != 'p') return 1;
  long read = faults();
  for (int page = 0; page < WRITTEN; ++page) memory[page * PAGE + 100] = 'c';
  long written = faults();
  say("child: faults for reading %d pages: %ld", PAGES, read - before);
  say("child: faults for writing %d pages: %ld", WRITTEN, written - read);
  strcpy(memory, "child");
  return 0;
}

static int use_heap(void) {
  for (int i = 0; i < 1000; ++i) {
    char* p = malloc((size_t)16 << i % 8);
    if (p == NULL) return 1;
    *p = 1;
    free(p);
  }
  return 0;
}

int main(void) {
  memory = malloc(PAGES * PAGE);
  memset(memory, 'p', PAGES * PAGE);
  strcpy(memory, "parent");
  say("parent: a block of %d pages at %p", PAGES, (void*)memory);
  int inherited = in_child("child that inherits", inherit);
  say("parent: after the child wrote, the block's first bytes are \"%s\"", memory);
  int untouched = strcmp(memory, "parent") == 0 && memory[100] == 'p';
  free(memory);

  pthread_t threads[THREADS];
  for (uintptr_t i = 0; i < THREADS; ++i) pthread_create(&threads[i], NULL, allocate_without_pause, (void*)(i + 1));
  while (atomic_load(&rounds) < 1000) usleep(100);
  int well = 0;
  int hung = 0;
  for (int i = 0; i < CHILDREN && hung < 2; ++i) {
    pid_t child = fork();
    if (child == 0) {
      alarm(2);
      _exit(use_heap());
    }
    int end = child < 0 ? 255 : end_of(child);
    well += end == 0;
    hung += end == -SIGALRM;
  }
  atomic_store(&stopping, 1);
  for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
  say("children made while %d threads allocated: %d, of which could allocate: %d, hung: %d", THREADS, CHILDREN, well,
      hung);
  return !(inherited == 0 && untouched && well == CHILDREN);
}
