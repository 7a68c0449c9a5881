// A heap whose times are known: libc's own, but blocks of 20000 bytes take 100 us, each fiftieth of them 1 ms and one
// of them 20 ms, by the clock. It writes down how long each of them took, in nanoseconds.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

extern void* __libc_malloc(size_t);
extern void __libc_free(void*);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_memalign(size_t, size_t);

static long took[100000];
static int count;

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

void* malloc(size_t bytes) {
  if (bytes != 20000 || count >= 100000) return __libc_malloc(bytes);
  long wanted = count == 500 ? 20000000 : count % 50 == 0 ? 1000000 : 100000;
  long start = now();
  void* block = __libc_malloc(bytes);
  while (now() - start < wanted) {
  }
  took[count++] = now() - start;
  return block;
}
void free(void* block) { __libc_free(block); }
void* realloc(void* block, size_t bytes) { return __libc_realloc(block, bytes); }
void* calloc(size_t number, size_t bytes) { return __libc_calloc(number, bytes); }
void* memalign(size_t alignment, size_t bytes) { return __libc_memalign(alignment, bytes); }
void* aligned_alloc(size_t alignment, size_t bytes) { return __libc_memalign(alignment, bytes); }

__attribute__((destructor)) static void report(void) {
  const char* path = getenv("SLOW_HEAP_TIMES");
  int file = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return;
  for (int i = 0; i < count; i++) dprintf(file, "%ld\n", took[i]);
  close(file);
}
