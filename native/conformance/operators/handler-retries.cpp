// new calls the new_handler again and again until memory can be had: here the handler, which uses
// the heap itself, frees a reserve, so new succeeds.
// @standard C++20 [new.handler]
// @standard C++20 [new.delete.single]
#include <new>

#include "../machine.h"

static void* reserve;
static int calls;

static void give_reserve() {
  calls++;
  if (!reserve) _exit(9);
  ::operator delete(hide(::operator new(100)));  // a handler may use the heap
  free(reserve);
  reserve = nullptr;
}

template <class Allocate, class Release>
static void check_succeeds(int which, Allocate allocate, Release release) {
  check_case = which;
  reserve = malloc(size_t{512} << 20);
  CHECK_BLOCK(reserve);
  struct rlimit before = limit_address_space(size_t{100} << 20);
  calls = 0;
  char* block = static_cast<char*>(hide(allocate(size_t{400} << 20)));
  CHECK_BLOCK(block);
  CHECK_EQUAL(calls, 1);
  block[0] = 1;
  release(block);
  restore_address_space(before);
}

int main() {
  std::set_new_handler(give_reserve);
  std::align_val_t wide{64};
  check_succeeds(
      1, [](size_t n) { return ::operator new(n); }, [](void* p) { ::operator delete(p); });
  check_succeeds(
      2, [](size_t n) { return ::operator new[](n); }, [](void* p) { ::operator delete[](p); });
  check_succeeds(
      3, [](size_t n) { return ::operator new(n, std::nothrow); }, [](void* p) { ::operator delete(p); });
  check_succeeds(
      4, [&](size_t n) { return ::operator new(n, wide); }, [&](void* p) { ::operator delete(p, wide); });
  return 0;
}
