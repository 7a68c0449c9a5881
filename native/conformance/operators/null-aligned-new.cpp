// aligned nothrow new is null where memory cannot be had and no new_handler is set, and does not throw.
// @standard C++20 [new.delete.single]
#include "refused.h"

int main() {
  check_null(form_nothrow_aligned_new);
  return 0;
}
