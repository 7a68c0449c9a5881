// aligned new that cannot succeed throws std::bad_alloc where no new_handler is set, and the program goes on.
// @standard C++20 [new.delete.single]
// @standard C++20 [bad.alloc]
#include "refused.h"

int main() {
  check_throws(form_aligned_new);
  return 0;
}
