// A new_handler is called until it gives up: after it takes itself away, plain forms throw and nothrow forms are null.
// @standard C++20 [new.handler]
// @standard C++20 [new.delete.single]
#include <new>

#include "../check.h"

static int calls;

static void give_up_after_five() {
  if (++calls == 5) std::set_new_handler(nullptr);
}

template <class Allocate>
static void check_calls(int which, bool throws, Allocate allocate) {
  check_case = which;
  calls = 0;
  std::set_new_handler(give_up_after_five);
  bool caught = false;
  try {
    CHECK_NULL(hide(allocate()));
  } catch (const std::bad_alloc&) {
    caught = true;
  }
  CHECK_EQUAL(calls, 5);
  CHECK_EQUAL(caught, throws);
  CHECK(std::get_new_handler() == nullptr);
}

int main() {
  size_t huge = size_t{PTRDIFF_MAX} - 100000;
  std::align_val_t wide{128};
  check_calls(1, true, [&] { return ::operator new(opaque(huge)); });
  check_calls(2, true, [&] { return ::operator new[](opaque(huge)); });
  check_calls(3, true, [&] { return ::operator new(opaque(huge), wide); });
  check_calls(4, true, [&] { return ::operator new[](opaque(huge), wide); });
  check_calls(5, false, [&] { return ::operator new(opaque(huge), std::nothrow); });
  check_calls(6, false, [&] { return ::operator new[](opaque(huge), std::nothrow); });
  check_calls(7, false, [&] { return ::operator new(opaque(huge), wide, std::nothrow); });
  check_calls(8, false, [&] { return ::operator new[](opaque(huge), wide, std::nothrow); });
  return 0;
}
