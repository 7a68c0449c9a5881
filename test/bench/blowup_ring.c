/* Eight threads in a ring: each in turn frees the 10 MB that the one before has allocated and allocates as much itself;
 * the others sleep. With --operations N a turn ends after so many allocations, and turns go round until all are done.
 * Prints a line for each turn: allocations until then, bytes in use, resident bytes. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 8
#define BLOCKS 100000
#define BYTES 100

static void* blocks[BLOCKS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static long turn, turns;

static long resident(void) {
  long pages = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) abort();
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

static void* work(void* argument) {
  const long me = (long)argument;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (turn < turns && turn % THREADS != me) pthread_cond_wait(&turned, &lock);
    if (turn >= turns) break;
    for (int i = 0; i < BLOCKS; ++i) free(blocks[i]);
    for (int i = 0; i < BLOCKS; ++i) memset(blocks[i] = malloc(BYTES), 1, BYTES);
    ++turn;
    printf("%ld %d %ld\n", turn * BLOCKS, BLOCKS * BYTES, resident());
    pthread_cond_broadcast(&turned);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

int main(int argc, char** argv) {
  pthread_t threads[THREADS];
  turns = argc > 1 ? atol(argv[1]) : 3 * THREADS;
  for (long i = 0; i < THREADS; ++i) pthread_create(&threads[i], NULL, work, (void*)i);
  for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
  return 0;
}
