// The nothrow forms return null where memory cannot be had, and do not throw.
// @standard C++20 [new.delete.single]
// @standard C++20 [new.delete.array]
#include <new>

#include "../check.h"

// libstdc++ itself wraps where an aligned new rounds sizes within an alignment of SIZE_MAX: those are left out.
static const size_t sizes[] = {size_t{PTRDIFF_MAX} - 5000, size_t{PTRDIFF_MAX} + 1, SIZE_MAX - 8192};

int main() {
  std::align_val_t wide{4096};
  for (size_t size : sizes) {
    CHECK_NULL(::operator new(opaque(size), std::nothrow));
    CHECK_NULL(::operator new[](opaque(size), std::nothrow));
    CHECK_NULL(::operator new(opaque(size), wide, std::nothrow));
    CHECK_NULL(::operator new[](opaque(size), wide, std::nothrow));
    CHECK_NULL(::operator new(opaque(SIZE_MAX), std::nothrow));
    CHECK_NULL(::operator new[](opaque(SIZE_MAX - 15), std::nothrow));
    void* block = hide(::operator new(100, std::nothrow));
    CHECK_BLOCK(block);
    ::operator delete(block);
  }
  return 0;
}
