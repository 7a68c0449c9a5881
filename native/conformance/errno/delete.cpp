// Every operator delete keeps errno, for null, small and large blocks.
// @standard C++20 [new.delete.single]
// @standard POSIX.1-2024, free()
#include <new>

#include "../check.h"

int main() {
  for (size_t size = 1; size < 50000000; size = size * 7 + 1) {
    check_case = size;
    char* plain = static_cast<char*>(hide(::operator new(size)));
    char* array = static_cast<char*>(hide(::operator new[](size)));
    char* aligned = static_cast<char*>(hide(::operator new(size, std::align_val_t(256))));
    plain[0] = array[0] = aligned[0] = 1;
    errno = EILSEQ;
    ::operator delete(hide(nullptr));
    CHECK_EQUAL(errno, EILSEQ);
    ::operator delete(plain, size);
    CHECK_EQUAL(errno, EILSEQ);
    ::operator delete[](array);
    CHECK_EQUAL(errno, EILSEQ);
    ::operator delete(aligned, size, std::align_val_t(256));
    CHECK_EQUAL(errno, EILSEQ);
  }
  return 0;
}
