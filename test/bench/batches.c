/* Nanoseconds of CPU time for a pair of malloc and free, the best of fifteen tries: 4,096 blocks of random small sizes
 * and then their frees in order, the same with the frees in random order, and one block of 64 bytes at a time.
 *
 *   cc -O2 -fno-builtin -o batches test/bench/batches.c && LD_PRELOAD=... ./batches */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BLOCKS 4096
#define ROUNDS 50
#define PAIRS 500000

static void* blocks[BLOCKS];
static unsigned sizes[BLOCKS], order[BLOCKS];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double batches(int shuffled) {
  const double begun = now();
  for (int round = 0; round < ROUNDS; ++round) {
    for (int i = 0; i < BLOCKS; ++i) blocks[i] = malloc(sizes[i]);
    for (int i = 0; i < BLOCKS; ++i) free(blocks[shuffled ? order[i] : (unsigned)i]);
  }
  return (now() - begun) / ROUNDS / BLOCKS;
}

static double pairs(void) {
  const double begun = now();
  for (int i = 0; i < PAIRS; ++i) {
    void* volatile block = malloc(64);
    free(block);
  }
  return (now() - begun) / PAIRS;
}

int main(void) {
  unsigned state = 1;
  for (unsigned i = 0; i < BLOCKS; ++i) {
    state = state * 1103515245u + 12345u;
    sizes[i] = 16 + (state >> 8) % 496;
    order[i] = i;
  }
  for (unsigned i = BLOCKS - 1; i > 0; --i) {
    state = state * 1103515245u + 12345u;
    const unsigned other = (state >> 8) % (i + 1), kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  double best[3] = {1e9, 1e9, 1e9};
  for (int round = 0; round < 15; ++round) {
    const double took[3] = {batches(0), batches(1), pairs()};
    for (int i = 0; i < 3; ++i) best[i] = took[i] < best[i] ? took[i] : best[i];
  }
  printf("batch %.1f ns, shuffled %.1f ns, alone %.1f ns\n", best[0], best[1], best[2]);
  return 0;
}
