// Sized delete is told another size than new was asked for.
// @standard C++20 [new.delete.single]
// @standard CWE-762, Mismatched Memory Management Routines
#include <initializer_list>
#include <new>

#include "harm.h"

int main() {
  for (size_t size : {size_t{32}, size_t{1000}, size_t{40000}}) {
    harm_begin(size);
    void* small = hide(::operator new(opaque(size)));
    void* large = hide(::operator new(opaque(size)));
    ::operator delete(small, opaque(size * 8));
    ::operator delete(large, opaque(size / 4));
    harm_use(size);
    harm_use(size * 8 < 70000 ? size * 8 : 16);
    harm_end(size, harm_blocks);
  }
  return 0;
}
