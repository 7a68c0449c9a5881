// nothrow delete, which ends a failed constructor, takes the blocks of the forms of new that fit it, of every size.
// @standard C++20 [new.delete.single]
#include "deletes.h"

int main() {
  check_delete(form_new, form_nothrow_new, [](void* block, size_t) { ::operator delete(block, std::nothrow); });
  return 0;
}
