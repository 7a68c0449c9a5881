// A heap that is glibc's, and at exit takes a known share of the CPU time that the program has used: what `power.mjs`
// plants to see how often a difference of that size is found. SHARE is per mille; 0 is the same heap without it.

#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

extern void* __libc_malloc(size_t);
extern void __libc_free(void*);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);
extern void* __libc_valloc(size_t);
extern void* __libc_pvalloc(size_t);

void* malloc(size_t size) { return __libc_malloc(size); }
void free(void* block) { __libc_free(block); }
void* calloc(size_t count, size_t size) { return __libc_calloc(count, size); }
void* realloc(void* block, size_t size) { return __libc_realloc(block, size); }
void* memalign(size_t alignment, size_t size) { return __libc_memalign(alignment, size); }
void* aligned_alloc(size_t alignment, size_t size) { return __libc_memalign(alignment, size); }
void* valloc(size_t size) { return __libc_valloc(size); }
void* pvalloc(size_t size) { return __libc_pvalloc(size); }

void* reallocarray(void* block, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return __libc_realloc(block, bytes);
}

int posix_memalign(void** result, size_t alignment, size_t size) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void* block = __libc_memalign(alignment, size);
  if (block == NULL) return ENOMEM;
  *result = block;
  return 0;
}

// The size word in front of a block of glibc's, without its three flags; one word of it is the chunk's own.
size_t malloc_usable_size(void* block) {
  if (block == NULL) return 0;
  size_t word = ((size_t*)block)[-1];
  size_t mapped = word & 2 ? 2 * sizeof(size_t) : sizeof(size_t);
  return (word & ~(size_t)7) - mapped;
}

static int64_t used_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
}

__attribute__((destructor)) static void take_share(void) {
  int64_t until = used_us();
  until += until * SHARE / 1000;
  volatile unsigned spun = 0;
  while (used_us() < until)
    for (int i = 0; i < 1000; i++) spun++;
}
