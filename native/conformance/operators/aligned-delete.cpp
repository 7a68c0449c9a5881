// aligned delete takes the blocks of the forms of new that fit it, of every size.
// @standard C++20 [new.delete.single]
#include "deletes.h"

int main() {
  check_delete(form_aligned_new, form_nothrow_aligned_new, [](void* block, size_t) { ::operator delete(block, wide); });
  return 0;
}
