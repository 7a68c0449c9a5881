// Prints the file that malloc comes from, and ends well only where what it allocates holds what it puts there.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include <dlfcn.h>

int main() {
  std::string text(1000, 'x');
  for (int i = 0; i < 100; ++i) text += std::to_string(i);
  void* mallocs = dlsym(RTLD_DEFAULT, "malloc");
  Dl_info info{};
  if (dladdr(mallocs, &info) == 0) return 1;
  std::puts(info.dli_fname);
  return text.size() == 1190 && text.back() == '9' ? 0 : 2;
}
