// A new_handler that throws: its exception leaves plain and aligned new unchanged, so that it can be caught by type.
// @standard C++20 [new.handler]
// @standard C++20 [new.delete.single]
#include <new>

#include "../check.h"

struct OutOfLuck : std::bad_alloc {
  int number = 42;
};

static void throw_luck() { throw OutOfLuck(); }

template <class Allocate>
static void check_passes(int which, Allocate allocate) {
  check_case = which;
  int caught = 0;
  try {
    CHECK_NULL(hide(allocate()));
  } catch (const OutOfLuck& luck) {
    caught = luck.number;
  }
  CHECK_EQUAL(caught, 42);
}

int main() {
  std::set_new_handler(throw_luck);
  size_t huge = size_t{PTRDIFF_MAX} - 100000;
  std::align_val_t wide{128};
  for (int round = 0; round < 5; round++) {
    check_passes(1, [&] { return ::operator new(opaque(huge)); });
    check_passes(2, [&] { return ::operator new[](opaque(huge)); });
    check_passes(3, [&] { return ::operator new(opaque(huge), wide); });
    check_passes(4, [&] { return ::operator new[](opaque(huge), wide); });
  }
  std::set_new_handler(nullptr);
  return 0;
}
