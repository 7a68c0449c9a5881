// A C program, without the C++ runtime, opens a C++ extension with RTLD_LOCAL which throws and catches std::bad_alloc
// and uses nothrow new without memory.
// @standard C++20 [new.delete.single]
// @standard POSIX.1-2024, dlopen()
// @needs cpp-extension
#include "open.h"

int main(void) {
  check_extension("extension_exceptions");
  return 0;
}
