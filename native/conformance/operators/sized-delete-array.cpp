// sized delete[] takes the blocks of the forms of new that fit it, of every size.
// @standard C++20 [new.delete.array]
#include "deletes.h"

int main() {
  check_delete(form_new_array, form_nothrow_new_array,
               [](void* block, size_t size) { ::operator delete[](block, size); });
  return 0;
}
