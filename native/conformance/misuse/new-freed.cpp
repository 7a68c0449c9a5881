// A block of new is taken by free, and one of malloc by delete.
// @standard C++20 [c.malloc]
// @standard CWE-762, Mismatched Memory Management Routines
#include <initializer_list>
#include <new>

#include "harm.h"

int main() {
  for (size_t size : {size_t{32}, size_t{1000}, size_t{40000}}) {
    harm_begin(size);
    void* from_new = hide(::operator new(opaque(size)));
    void* from_malloc = hide(malloc(opaque(size)));
    free(from_new);
    ::operator delete(from_malloc);
    harm_use(size);
    harm_end(size, harm_blocks);
  }
  return 0;
}
