// Every form of operator delete takes null.
// @standard C++20 [new.delete.single]
// @standard C++20 [new.delete.array]
#include <new>

#include "../check.h"

int main() {
  void* null = hide(nullptr);
  std::align_val_t wide{64};
  ::operator delete(null);
  ::operator delete[](null);
  ::operator delete(null, std::nothrow);
  ::operator delete[](null, std::nothrow);
  ::operator delete (null, size_t{8});
  ::operator delete[](null, size_t{8});
  ::operator delete(null, wide);
  ::operator delete[](null, wide);
  ::operator delete(null, wide, std::nothrow);
  ::operator delete[](null, wide, std::nothrow);
  ::operator delete (null, size_t{8}, wide);
  ::operator delete[](null, size_t{8}, wide);
  return 0;
}
