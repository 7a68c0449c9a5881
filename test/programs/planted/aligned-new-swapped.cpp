// Aligned new hands size and alignment on in the wrong order.
// @caught-by align/aligned-new
// @caught-by operators/forms
// @caught-by versions/cpp
#include <malloc.h>

#include <new>

void* operator new(size_t size, std::align_val_t alignment) {
  if (void* block = memalign(size, static_cast<size_t>(alignment))) return block;
  throw std::bad_alloc();
}
