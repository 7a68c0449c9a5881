// A C program, without the C++ runtime, opens a C++ extension with RTLD_LOCAL which uses containers and aligned new.
// @needs cpp-extension
#include "open.h"

int main(void) {
  check_extension("extension_containers");
  return 0;
}
