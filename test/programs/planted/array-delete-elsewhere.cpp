// Array delete gives its blocks to another heap than array new took them from.
// @caught-by operators/forms
// @caught-by operators/mixed-with-c
// @caught-by operators/replaced
#include <cstddef>

extern "C" void __libc_free(void*);

void operator delete[](void* block) noexcept {
  if (block) __libc_free(static_cast<char*>(block) + 64);
}
