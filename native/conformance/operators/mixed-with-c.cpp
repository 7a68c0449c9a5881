// What the standard leaves undefined and programs do all the same: blocks of new given to free and realloc, blocks of
// malloc given to delete. glibc's heap takes them, so must every heap behind malloc.
// @standard Itanium C++ ABI 5.1
// @standard glibc manual, Replacing malloc
#include <malloc.h>

#include <new>

#include "../check.h"

int main() {
  for (size_t size = 1; size < 2000000; size = size * 3 + 1) {
    check_case = size;
    free(hide(::operator new(size)));
    free(hide(::operator new[](size)));
    ::operator delete(hide(malloc(size)));
    ::operator delete[](hide(calloc(1, size)));
    void* block = realloc(hide(::operator new(size)), size * 2);
    CHECK_BLOCK(block);
    free(block);
    block = hide(::operator new(size, std::align_val_t(512)));
    CHECK_AT_LEAST(malloc_usable_size(block), size);
    free(block);
  }
  return 0;
}
