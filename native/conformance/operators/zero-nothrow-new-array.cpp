// nothrow new[] of 0 bytes gives unique blocks and never null.
// @standard C++20 [new.delete.array]
// @standard C++20 [basic.stc.dynamic.allocation]
#include "zero.h"

int main() {
  check_zero(form_nothrow_new_array);
  return 0;
}
