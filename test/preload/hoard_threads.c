/* Ten thousand threads at a time, or as many as the system gives: each allocates, waits for all, frees a part and
 * leaves the rest to the main thread. Prints the number of threads and the heap's bytes while all lived and after all
 * was freed. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 10000
#define BLOCKS 12

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int waiting, go;
static char* left[THREADS][BLOCKS];

static void* work(void* argument) {
  const long me = (long)argument;
  for (int i = 0; i < BLOCKS; ++i) memset(left[me][i] = malloc(20 + 40 * i), (int)me, 20 + 40 * i);
  pthread_mutex_lock(&lock);
  ++waiting;
  pthread_cond_broadcast(&changed);
  while (!go) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < BLOCKS; i += 2) {
    free(left[me][i]);
    left[me][i] = NULL;
  }
  return NULL;
}

int main(void) {
  static pthread_t threads[THREADS];
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 32768);
  long made = 0;
  while (made < THREADS && pthread_create(&threads[made], &small, work, (void*)made) == 0) ++made;
  pthread_mutex_lock(&lock);
  while (waiting < made) pthread_cond_wait(&changed, &lock);
  const size_t during = mallinfo2().arena;
  go = 1;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  for (long i = 0; i < made; ++i) pthread_join(threads[i], NULL);
  for (long i = 0; i < made; ++i) {
    for (int b = 1; b < BLOCKS; b += 2) {
      if (left[i][b][19] != (char)i) abort();
      free(left[i][b]);
    }
  }
  malloc_trim(0);
  printf("%ld %zu %zu %zu\n", made, during, mallinfo2().arena, mallinfo2().uordblks);
  return 0;
}
