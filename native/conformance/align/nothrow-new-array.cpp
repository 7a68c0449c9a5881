// nothrow new[] aligns to 16 for every size from 16 to 4096. (Smaller ones: align/tiny-nothrow-new-array.)
// @standard C++20 [basic.stc.dynamic.allocation]
#include "operator.h"

int main() {
  check_plain_form(form_nothrow_new_array, 16, 4096);
  return 0;
}
