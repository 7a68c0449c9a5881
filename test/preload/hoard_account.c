/* Threads that allocate and free by tides, and hand blocks to one another; between them malloc_info is printed. A mark
 * stands behind each. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define BLOCKS 4000

static void* blocks[THREADS][BLOCKS];
static pthread_barrier_t barrier;

static unsigned next(unsigned* state) { return *state = *state * 1103515245u + 12345u, *state >> 8; }

static void* work(void* argument) {
  const int me = (int)(long)argument;
  unsigned state = (unsigned)me + 1;
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < BLOCKS; ++i) {
      const size_t size = next(&state) % (i % 50 == 0 ? 30000 : 16u << (round % 8));
      blocks[me][i] = malloc(size);
      memset(blocks[me][i], me, size);
    }
    pthread_barrier_wait(&barrier);
    /* In odd rounds the neighbour's, in every third not all. */
    const int whose = round % 2 == 1 ? (me + 1) % THREADS : me;
    for (int i = 0; i < BLOCKS; ++i) {
      if (round % 3 == 2 && i % 40 == 0) continue;
      free(blocks[whose][i]);
    }
    pthread_barrier_wait(&barrier);
    if (me == 0) {
      malloc_info(0, stdout);
      puts("<!-- end -->");
    }
    pthread_barrier_wait(&barrier);
  }
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  pthread_barrier_init(&barrier, NULL, THREADS);
  for (long i = 0; i < THREADS; ++i) pthread_create(&threads[i], NULL, work, (void*)i);
  for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
  return 0;
}
