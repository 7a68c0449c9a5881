// Plain operator new, new[] and their nothrow forms align to 16 for every size from 16 to 4096. (Smaller ones:
// align/tiny-new.)
// @standard C++20 [basic.stc.dynamic.allocation]
#include <new>

#include "../check.h"

int main() {
  static void* blocks[4097][4];
  for (size_t size = 16; size <= 4096; size++) {
    check_case = size;
    blocks[size][0] = ::operator new(opaque(size));
    blocks[size][1] = ::operator new[](opaque(size));
    blocks[size][2] = ::operator new(opaque(size), std::nothrow);
    blocks[size][3] = ::operator new[](opaque(size), std::nothrow);
    for (void* block : blocks[size]) {
      CHECK_BLOCK(block);
      CHECK_ALIGNED(block, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    }
  }
  for (auto& row : blocks) {
    ::operator delete(row[0]);
    ::operator delete[](row[1]);
    ::operator delete(row[2], std::nothrow);
    ::operator delete[](row[3], std::nothrow);
  }
  return 0;
}
