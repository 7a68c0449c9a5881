// A C program, without the C++ runtime, opens a C++ extension with RTLD_LOCAL which sets new_handlers that throw (also
// inside nothrow new) and that retire.
// @standard C++20 [new.handler]
// @needs cpp-extension
#include "open.h"

int main(void) {
  check_extension("extension_handlers");
  return 0;
}
