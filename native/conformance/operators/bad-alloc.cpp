// Where no handler is set, a plain or aligned new that cannot succeed throws std::bad_alloc, which can be caught by
// its type, and the program goes on.
// @standard C++20 [new.delete.single]
// @standard C++20 [new.delete.array]
#include <new>

#include "../check.h"

template <class Allocate>
static void check_throws(int which, Allocate allocate) {
  check_case = which;
  bool caught = false;
  void* block = nullptr;
  try {
    block = hide(allocate());
  } catch (const std::bad_alloc& error) {
    caught = true;
    CHECK(strlen(error.what()) > 0);
  }
  CHECK_NULL(block);
  CHECK(caught);
}

// libstdc++ itself wraps where an aligned new rounds sizes within an alignment of SIZE_MAX: those are left out.
static const size_t sizes[] = {size_t{PTRDIFF_MAX} - 5000, size_t{PTRDIFF_MAX} + 1, SIZE_MAX - 8192};

int main() {
  std::align_val_t wide{4096};
  for (size_t size : sizes)
    for (int round = 0; round < 3; round++) {
      check_throws(1, [&] { return ::operator new(opaque(size)); });
      check_throws(2, [&] { return ::operator new[](opaque(size)); });
      check_throws(3, [&] { return ::operator new(opaque(size), wide); });
      check_throws(4, [&] { return ::operator new[](opaque(size), wide); });
      check_throws(5, [&] { return ::operator new(opaque(SIZE_MAX)); });
      check_throws(6, [&] { return ::operator new[](opaque(SIZE_MAX - 15)); });
      ::operator delete(hide(::operator new(100)));
    }
  return 0;
}
