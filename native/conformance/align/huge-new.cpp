// operator new with an alignment keeps every power of two from 4 MiB to 1 GiB.
// @standard C++20 [new.delete.single]
#include <new>

#include "huge.h"

static void* allocate(size_t alignment, size_t size) { return ::operator new(size, std::align_val_t(alignment)); }

int main() {
  check_huge(allocate);
  return 0;
}
