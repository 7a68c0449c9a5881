// Every form of operator new with every form of operator delete that fits it: the content holds, nothing crashes.
// @standard C++20 [new.delete.single]
// @standard C++20 [new.delete.array]
#include <new>

#include "../check.h"

static constexpr std::align_val_t wide{256};

static void check_plain(size_t size, int form) {
  void* one = form < 3 ? ::operator new(size) : ::operator new(size, std::nothrow);
  void* many = form < 3 ? ::operator new[](size) : ::operator new[](size, std::nothrow);
  CHECK_BLOCK(one);
  CHECK_BLOCK(many);
  memset(one, 1, size);
  memset(many, 2, size);
  CHECK_FILLED(one, size, 1);
  switch (form % 3) {
    case 0:
      ::operator delete(one);
      ::operator delete[](many);
      break;
    case 1:
      ::operator delete(one, size);
      ::operator delete[](many, size);
      break;
    default:
      ::operator delete(one, std::nothrow);
      ::operator delete[](many, std::nothrow);
      break;
  }
}

static void check_aligned(size_t size, int form) {
  void* one = form < 3 ? ::operator new(size, wide) : ::operator new(size, wide, std::nothrow);
  void* many = form < 3 ? ::operator new[](size, wide) : ::operator new[](size, wide, std::nothrow);
  CHECK_BLOCK(one);
  CHECK_BLOCK(many);
  CHECK_ALIGNED(one, 256);
  CHECK_ALIGNED(many, 256);
  memset(one, 1, size);
  memset(many, 2, size);
  CHECK_FILLED(one, size, 1);
  switch (form % 3) {
    case 0:
      ::operator delete(one, wide);
      ::operator delete[](many, wide);
      break;
    case 1:
      ::operator delete(one, size, wide);
      ::operator delete[](many, size, wide);
      break;
    default:
      ::operator delete(one, wide, std::nothrow);
      ::operator delete[](many, wide, std::nothrow);
      break;
  }
}

int main() {
  for (size_t size = 0; size < 2000000; size = size * 2 + 1)
    for (int form = 0; form < 6; form++) {
      check_case = size;
      check_plain(opaque(size), form);
      check_aligned(opaque(size), form);
    }
  return 0;
}
