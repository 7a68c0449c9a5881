// A C++ program's operators (new@GLIBCXX_3.4, sized delete@CXXABI_1.3.9, aligned new@GLIBCXX_3.4.x) and its C calls use
// one heap: either the operators are libstdc++'s, which call malloc, or they all are the heap's.
// @standard C++20 [replacement.functions]
// @standard Itanium C++ ABI 5.1, names of the operators
#include <dlfcn.h>
#include <malloc.h>

#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "../check.h"

static std::string_view home(void* function) {
  Dl_info info;
  CHECK(dladdr(function, &info) != 0);
  return info.dli_fname;
}

static void check_home(void* function, const char* name, std::string_view heap) {
  std::string_view got = home(function);
  if (got != heap && got.find("libstdc++") == got.npos && got.find("libc++") == got.npos)
    FAIL("home of %s, expected %s or the C++ runtime, got %s", name, heap.data(), got.data());
}

int main() {
  std::string_view heap = home(reinterpret_cast<void*>(&free));
  check_home(reinterpret_cast<void*>(static_cast<void* (*)(size_t)>(&::operator new)), "new", heap);
  check_home(reinterpret_cast<void*>(static_cast<void (*)(void*) noexcept>(&::operator delete)), "delete", heap);
  check_home(reinterpret_cast<void*>(static_cast<void* (*)(size_t, std::align_val_t)>(&::operator new)), "aligned new",
             heap);
  for (size_t size = 1; size < 500000; size = size * 5 + 1) {
    check_case = size;
    void* block = hide(::operator new(size));
    CHECK_AT_LEAST(malloc_usable_size(block), size);  // only right when both are one heap
    ::operator delete(block, size);
    block = hide(::operator new(size, std::align_val_t(128)));
    CHECK_AT_LEAST(malloc_usable_size(block), size);
    ::operator delete(block, size, std::align_val_t(128));
  }
  std::vector<std::string> words;
  for (int i = 0; i < 2000; i++) words.push_back(std::string(i % 97, 'w'));
  for (int i = 0; i < 2000; i++) CHECK_EQUAL(words[i].size(), i % 97);
  return 0;
}
