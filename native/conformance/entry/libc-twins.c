// glibc's second names (__libc_malloc and so on), which old programs and libraries call, share one heap with malloc
// and free, in both directions.
// @standard glibc, symbol versions GLIBC_2.2.5
#include <dlfcn.h>
#include <malloc.h>

#include "../check.h"

#define WEAK __attribute__((weak))
WEAK void* __libc_malloc(size_t size);
WEAK void* __libc_calloc(size_t count, size_t size);
WEAK void* __libc_realloc(void* block, size_t size);
WEAK void* __libc_memalign(size_t alignment, size_t size);
WEAK void* __libc_valloc(size_t size);
WEAK void* __libc_pvalloc(size_t size);
WEAK void __libc_free(void* block);

typedef int PosixMemalign(void** block, size_t alignment, size_t size);

static void* twin_posix_memalign(size_t size) {
  // Not exported by glibc 2.36; heaps do so for older programs.
  PosixMemalign* twin = (PosixMemalign*)dlsym(RTLD_DEFAULT, "__posix_memalign");
  void* block = NULL;
  CHECK_EQUAL(twin ? twin(&block, 64, size) : posix_memalign(&block, 64, size), 0);
  return block;
}

static void* twin(size_t kind, size_t size) {
  switch (kind) {
    case 0: return __libc_malloc(size);
    case 1: return __libc_calloc(1, size);
    case 2: return __libc_realloc(NULL, size);
    case 3: return __libc_memalign(64, size);
    case 4: return __libc_valloc(size);
    case 5: return __libc_pvalloc(size);
    case 6: return twin_posix_memalign(size);
    default: return malloc(size);
  }
}

static void release(size_t way, void* block, size_t size) {
  CHECK_AT_LEAST(malloc_usable_size(block), size);
  if (way == 0) return free(block);
  if (way == 1) return __libc_free(block);
  block = way == 2 ? realloc(block, size + 1000) : __libc_realloc(block, size + 1000);
  CHECK_BLOCK(block);
  CHECK_FILLED(block, size, 0x2d);
  if (way == 2)
    __libc_free(block);
  else
    free(block);
}

int main(void) {
  if (!__libc_malloc || !__libc_calloc || !__libc_realloc || !__libc_memalign || !__libc_valloc || !__libc_pvalloc ||
      !__libc_free)
    SKIP("the C library lacks the __libc_ names");
  for (size_t kind = 0; kind < 8; kind++)
    for (size_t way = 0; way < 4; way++)
      for (size_t size = 1; size < 2000000; size = size * 11 + 2) {
        check_case = kind * 100000000 + way * 10000000 + size;
        void* block = twin(kind, opaque(size));
        CHECK_BLOCK(block);
        memset(block, 0x2d, size);
        release(way, block, size);
      }
  return 0;
}
