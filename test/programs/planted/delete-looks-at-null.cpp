// operator delete reads a header in front of the block, also of null.
// @caught-by operators/null
#include <cstdlib>
#include <new>

static void release(void* block) {
  volatile char header = *(static_cast<volatile char*>(block) - 1);
  (void)header;
  free(block);
}

void operator delete(void* block) noexcept { release(block); }
