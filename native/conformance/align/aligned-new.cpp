// aligned new keeps alignments from 32 bytes to 2 MiB, for sizes smaller and larger than the alignment.
// @standard C++20 [new.delete.single]
// @standard C++20 [basic.align]
#include "wide.h"

static void* take(size_t size, std::align_val_t alignment) { return ::operator new(size, alignment); }
static void give(void* block, std::align_val_t alignment) { ::operator delete(block, alignment); }

int main() {
  check_wide(take, give);
  return 0;
}
