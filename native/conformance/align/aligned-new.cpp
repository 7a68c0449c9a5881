// Types with extended alignment, from 32 bytes to 64 KiB, come aligned from new and new[], one and many at once.
// @standard C++20 [new.delete.single]
// @standard C++20 [basic.align]
#include <new>

#include "../check.h"

template <size_t alignment>
struct alignas(alignment) Wide {
  char bytes[alignment * 3];
};

template <size_t alignment>
static void check_type() {
  check_case = alignment;
  Wide<alignment>* one[8];
  for (auto& object : one) {
    object = static_cast<Wide<alignment>*>(hide(new Wide<alignment>));
    CHECK_ALIGNED(object, alignment);
    memset(object->bytes, 7, sizeof object->bytes);
  }
  auto* many = static_cast<Wide<alignment>*>(hide(new Wide<alignment>[5]));
  CHECK_ALIGNED(many, alignment);
  memset(many, 8, sizeof(Wide<alignment>) * 5);
  auto* maybe = static_cast<Wide<alignment>*>(hide(new (std::nothrow) Wide<alignment>));
  CHECK_BLOCK(maybe);
  CHECK_ALIGNED(maybe, alignment);
  for (auto* object : one) {
    CHECK_FILLED(object->bytes, sizeof object->bytes, 7);
    delete object;
  }
  delete[] many;
  delete maybe;
}

int main() {
  check_type<32>();
  check_type<64>();
  check_type<128>();
  check_type<256>();
  check_type<1024>();
  check_type<4096>();
  check_type<65536>();
  return 0;
}
