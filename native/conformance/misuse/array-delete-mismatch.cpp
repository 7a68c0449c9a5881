// A block of new[] is taken by delete, and one of new by delete[].
// @standard C++20 [expr.delete]
// @standard CWE-762, Mismatched Memory Management Routines
#include <initializer_list>
#include <new>

#include "harm.h"

int main() {
  for (size_t size : {size_t{32}, size_t{1000}, size_t{40000}}) {
    harm_begin(size);
    void* many = hide(::operator new[](opaque(size)));
    void* one = hide(::operator new(opaque(size)));
    ::operator delete(many);
    ::operator delete[](one);
    harm_use(size);
    harm_end(size, harm_blocks);
  }
  return 0;
}
