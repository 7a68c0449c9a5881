// The C++ standard's default forms call the plain ones: in a program that replaces operator new and delete, new[],
// delete[] and the nothrow forms reach the program's operators.
// @standard C++20 [new.delete.single]
// @standard C++20 [new.delete.array]
#include <new>

#include "../check.h"

static int news, deletes;

void* operator new(size_t size) {
  news++;
  void* block = malloc(size ? size : 1);
  if (!block) throw std::bad_alloc();
  return block;
}

void operator delete(void* pointer) noexcept {
  deletes++;
  free(pointer);
}

void operator delete(void* pointer, size_t) noexcept { ::operator delete(pointer); }

int main() {
  news = deletes = 0;  // libraries, too, may have used the operators before main
  void* block = hide(::operator new[](100));
  CHECK_EQUAL(news, 1);
  ::operator delete[](block);
  CHECK_EQUAL(deletes, 1);
  block = hide(::operator new(100, std::nothrow));
  CHECK_EQUAL(news, 2);
  ::operator delete(block, std::nothrow);
  CHECK_EQUAL(deletes, 2);
  block = hide(::operator new[](100, std::nothrow));
  CHECK_EQUAL(news, 3);
  ::operator delete[](block, size_t{100});
  CHECK_EQUAL(deletes, 3);
  return 0;
}
