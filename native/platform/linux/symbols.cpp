// The contract with the operating system on Linux: symbols, by the dynamic loader. Apart from the rest, so that the
// launcher, which is linked statically, does not bring the loader in.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include "platform/platform.h"

#include <cerrno>

#include <dlfcn.h>

namespace alloc8::platform {

void* nextSymbol(const char* name) {
  const int saved = errno;
  void* found = dlsym(RTLD_NEXT, name);
  errno = saved;
  return found;
}

void* cxxRuntimeSymbol(const char* name) {
  const int saved = errno;
  // By name and without loading, because a C program may have loaded a C++ library with RTLD_LOCAL: its runtime is then
  // in no global scope, and a weak reference of ours would stay null.
  static constexpr const char* kRuntimes[] = {"libstdc++.so.6", "libc++.so.1", "libc++abi.so.1"};
  void* found = nullptr;
  for (const char* runtime : kRuntimes) {
    if (found != nullptr) break;
    if (void* handle = dlopen(runtime, RTLD_LAZY | RTLD_NOLOAD); handle != nullptr) {
      found = dlsym(handle, name);
      dlclose(handle);
    }
  }
  if (found == nullptr) found = dlsym(RTLD_NEXT, name);
  errno = saved;
  return found;
}

}  // namespace alloc8::platform
