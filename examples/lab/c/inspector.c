/*
 * Who is who: processes, threads, the program break, and where each thread's blocks lie, in the order of allocation.
 * Each of four threads allocates eight blocks while the others wait; then the process forks and the child allocates
 * one.
 */

#include <pthread.h>
#include <sys/syscall.h>

#include "lab.h"

enum { THREADS = 4, BLOCKS = 8, SIZE = 64 };

static void* blocks[THREADS][BLOCKS];
static pthread_barrier_t turn;

static void show_thread(int id) {
  int ascending = 1;
  int alike = 1;
  for (int i = 0; i < BLOCKS; ++i) {
    if (i == 0) {
      say("  block 0: %p", blocks[id][0]);
      continue;
    }
    intptr_t step = (intptr_t)(number(blocks[id][i]) - number(blocks[id][i - 1]));
    say("  block %d: %p, %+ld bytes from the one before", i, blocks[id][i], (long)step);
    ascending = ascending && step > 0;
    alike = alike && blocks[id][i] - blocks[id][i - 1] == blocks[id][1] - blocks[id][0];
  }
  say("thread %d blocks: %s, steps %s", id, ascending ? "ascending" : "not ascending",
      alike ? "all alike" : "not all alike");
}

static void* work(void* argument) {
  int id = (int)(intptr_t)argument;
  for (int now = 0; now < THREADS; ++now) {
    if (now == id) {
      int local = 0;
      say("thread %d: number %ld, pthread_self %#lx, stack near %p", id, syscall(SYS_gettid), (long)pthread_self(),
          (void*)&local);
      for (int i = 0; i < BLOCKS; ++i) blocks[id][i] = malloc(SIZE);
      show_thread(id);
    }
    pthread_barrier_wait(&turn);
  }
  /* Blocks stay, and so do threads, until all have been seen. */
  pthread_barrier_wait(&turn);
  return NULL;
}

static int child(void) {
  void* block = malloc(SIZE);
  say("child: number %d, parent %d, next block %p", getpid(), getppid(), block);
  free(block);
  return block == NULL;
}

int main(void) {
  say("process: number %d, parent %d", getpid(), getppid());
  void* at_first = sbrk(0);
  say("break at first: %p", at_first);
  pthread_t threads[THREADS];
  pthread_barrier_init(&turn, NULL, THREADS + 1);
  for (int id = 0; id < THREADS; ++id) pthread_create(&threads[id], NULL, work, (void*)(intptr_t)id);
  for (int now = 0; now < THREADS; ++now) pthread_barrier_wait(&turn);

  say("break moved by: %ld bytes", (long)((char*)sbrk(0) - (char*)at_first));
  uintptr_t least = UINTPTR_MAX;
  for (int a = 0; a < THREADS; ++a)
    for (int b = 0; b < a; ++b)
      if (distance(blocks[a][0], blocks[b][0]) < least) least = distance(blocks[a][0], blocks[b][0]);
  say("least distance between two threads: %lu bytes", (unsigned long)least);

  void* next = malloc(SIZE);
  free(next);
  say("main thread: next block %p", next);
  int end = in_child("fork", child);

  pthread_barrier_wait(&turn);
  for (int id = 0; id < THREADS; ++id) pthread_join(threads[id], NULL);
  for (int id = 0; id < THREADS; ++id)
    for (int i = 0; i < BLOCKS; ++i) free(blocks[id][i]);
  return end != 0;
}
