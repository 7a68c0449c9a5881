// Blocks of plain new smaller than 16 bytes, also empty ones, are aligned to 16.
// @standard C++20 [basic.stc.dynamic.allocation]
#include <new>

#include "../check.h"

int main() {
  static void* blocks[16][20][2];
  for (size_t size = 0; size < 16; size++)
    for (auto& pair : blocks[size]) {
      check_case = size;
      pair[0] = ::operator new(opaque(size));
      pair[1] = ::operator new[](opaque(size), std::nothrow);
      for (void* block : pair) {
        CHECK_BLOCK(block);
        CHECK_ALIGNED(block, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
      }
    }
  for (auto& row : blocks)
    for (auto& pair : row) {
      ::operator delete(pair[0]);
      ::operator delete[](pair[1]);
    }
  return 0;
}
