// Blocks of nothrow new[] smaller than 16 bytes, also empty ones, are aligned to 16.
// @standard glibc manual, Malloc Examples
// @standard GCC, __STDCPP_DEFAULT_NEW_ALIGNMENT__
#include "operator.h"

int main() {
  for (int round = 0; round < 20; round++) check_plain_form(form_nothrow_new_array, 0, 15);
  return 0;
}
