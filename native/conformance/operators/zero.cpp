// new of 0 bytes, in every form, gives unique blocks and never null.
// @standard C++20 [new.delete.single]
// @standard C++20 [new.delete.array]
#include <new>

#include "../check.h"

int main() {
  enum { rounds = 50, kinds = 8 };
  static void* blocks[rounds][kinds];
  std::align_val_t wide{64};
  for (auto& row : blocks) {
    size_t zero = opaque(0);
    row[0] = ::operator new(zero);
    row[1] = ::operator new[](zero);
    row[2] = ::operator new(zero, std::nothrow);
    row[3] = ::operator new[](zero, std::nothrow);
    row[4] = ::operator new(zero, wide);
    row[5] = ::operator new[](zero, wide);
    row[6] = ::operator new(zero, wide, std::nothrow);
    row[7] = ::operator new[](zero, wide, std::nothrow);
  }
  void** all = &blocks[0][0];
  for (int i = 0; i < rounds * kinds; i++) {
    CHECK_BLOCK(all[i]);
    for (int j = 0; j < i; j++) CHECK(all[i] != all[j]);
  }
  for (auto& row : blocks)
    for (int kind = 0; kind < kinds; kind++)
      if (kind < 4)
        ::operator delete(row[kind]);
      else
        ::operator delete(row[kind], wide);
  return 0;
}
