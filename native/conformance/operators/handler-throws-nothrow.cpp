// A new_handler that throws inside a nothrow new: the exception is caught there and null comes back.
// @standard C++20 [new.handler]
// @standard C++20 [new.delete.single]
#include <new>

#include "../check.h"

struct OutOfLuck : std::bad_alloc {};

static int calls;

static void throw_luck() {
  calls++;
  throw OutOfLuck();
}

int main() {
  std::set_new_handler(throw_luck);
  size_t huge = size_t{PTRDIFF_MAX} - 100000;
  std::align_val_t wide{128};
  for (int round = 1; round <= 5; round++) {
    CHECK_NULL(::operator new(opaque(huge), std::nothrow));
    CHECK_NULL(::operator new[](opaque(huge), std::nothrow));
    CHECK_NULL(::operator new(opaque(huge), wide, std::nothrow));
    CHECK_NULL(::operator new[](opaque(huge), wide, std::nothrow));
    CHECK_EQUAL(calls, round * 4);
  }
  std::set_new_handler(nullptr);
  return 0;
}
