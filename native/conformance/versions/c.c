// A C program's own versioned references (aligned_alloc@GLIBC_2.16, reallocarray@GLIBC_2.26, posix_memalign@2.2.5)
// reach the heap that malloc and free reach. A library that exports all under one version splits them.
// @standard glibc manual, Replacing malloc
#include <dlfcn.h>
#include <malloc.h>

#include "../check.h"

// The object that a function of the program's own binding lies in.
static const char* home(void* function) {
  Dl_info info;
  if (!dladdr(function, &info)) FAIL("dladdr, expected an object, got none for %p", function);
  return info.dli_fname;
}

#define CHECK_HOME(function, expected)                                                                 \
  do {                                                                                                 \
    const char* got = home((void*)function);                                                           \
    if (strcmp(got, expected) != 0) FAIL("home of %s, expected %s, got %s", #function, expected, got); \
  } while (0)

int main(void) {
  const char* heap = home((void*)malloc);
  CHECK_HOME(free, heap);
  CHECK_HOME(calloc, heap);
  CHECK_HOME(realloc, heap);
  CHECK_HOME(aligned_alloc, heap);
  CHECK_HOME(posix_memalign, heap);
  CHECK_HOME(memalign, heap);
  CHECK_HOME(malloc_usable_size, heap);
  for (size_t size = 1; size < 1000000; size = size * 4 + 1) {
    check_case = size;
    void* block = aligned_alloc(64, opaque((size + 63) & ~(size_t)63));
    CHECK_BLOCK(block);
    memset(block, 1, size);
    CHECK_AT_LEAST(malloc_usable_size(block), size);
    block = realloc(block, size + 500);
    CHECK_BLOCK(block);
    free(block);
    block = reallocarray(malloc(16), opaque(size), 2);
    CHECK_BLOCK(block);
    memset(block, 1, size * 2);
    free(block);
  }
  return 0;
}
