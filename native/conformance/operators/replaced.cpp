// A program that replaces plain operator new and delete, with a header in front of each block: all forms that the
// program uses keep working together, and the program's own operator is the one that is called.
// @standard C++20 [replacement.functions]
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "../check.h"

static size_t news, deletes;

void* operator new(size_t size) {
  size_t* block = static_cast<size_t*>(malloc(size + 16));
  if (!block) throw std::bad_alloc();
  block[0] = 0x600d;
  news++;
  return block + 2;
}

void operator delete(void* pointer) noexcept {
  if (!pointer) return;
  size_t* block = static_cast<size_t*>(pointer) - 2;
  CHECK_EQUAL(block[0], 0x600d);
  block[0] = 0;
  deletes++;
  free(block);
}

void operator delete(void* pointer, size_t) noexcept { ::operator delete(pointer); }

int main() {
  size_t unfreed = news - deletes;  // libraries, too, may have used the operators before main
  {
    std::vector<std::string> words;
    for (int i = 0; i < 500; i++) words.push_back(std::string(100 + i, 'x'));
    auto shared = std::make_shared<std::string>(300, 'y');
    CHECK_EQUAL(words[499].size(), 599);
  }
  CHECK_AT_LEAST(news, 500);
  CHECK_EQUAL(news, deletes + unfreed);
  std::unique_ptr<int[]> array(static_cast<int*>(hide(new int[100])));
  array.reset();
  ::operator delete(hide(::operator new(64, std::nothrow)), std::nothrow);
  return 0;
}
