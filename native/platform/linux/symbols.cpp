// The contract with the operating system on Linux: symbols, by the dynamic loader. Apart from the rest, so that the
// launcher, which is linked statically, does not bring the loader in.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include "platform/platform.h"

#include <cerrno>

#include <dlfcn.h>

namespace alloc8::platform {

namespace {

// Whether the address is one of this library's.
bool isOurs(const void* address) {
  Dl_info its{};
  Dl_info ours{};
  return dladdr(address, &its) != 0 && dladdr(reinterpret_cast<void*>(&nextSymbol), &ours) != 0 &&
         its.dli_fbase == ours.dli_fbase;
}

// What a loaded object, or a library that it needs, defines; null where that is one of our own definitions.
void* symbolOf(const char* object, const char* name) {
  void* handle = dlopen(object, RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) return nullptr;
  void* found = dlsym(handle, name);
  dlclose(handle);
  return found != nullptr && !isOurs(found) ? found : nullptr;
}

// Whether an object has a malloc of its own: then it stands in front of this library, as a probe does, and its
// operators lead back here. For whom it calls cannot be told.
bool definesMalloc(const Dl_info& object) {
  void* handle = dlopen(object.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) return false;
  Dl_info its{};
  const void* found = dlsym(handle, "malloc");
  dlclose(handle);
  return found != nullptr && dladdr(found, &its) != 0 && its.dli_fbase == object.dli_fbase;
}

}  // namespace

void* nextSymbol(const char* name) {
  const int saved = errno;
  void* found = dlsym(RTLD_NEXT, name);
  errno = saved;
  return found;
}

void* cxxRuntimeSymbol(const char* name, const void* caller) {
  const int saved = errno;
  void* found = nullptr;
  // The caller's first: a library that was linked with -static-libstdc++ throws, and keeps its new_handler, by itself.
  Dl_info info{};
  if (caller != nullptr && dladdr(caller, &info) != 0 && info.dli_fname != nullptr && !definesMalloc(info)) {
    found = symbolOf(info.dli_fname, name);
  }
  // By name and without loading, because a C program may have loaded a C++ library with RTLD_LOCAL: its runtime is then
  // in no global scope, and a weak reference of ours would stay null.
  static constexpr const char* kRuntimes[] = {"libstdc++.so.6", "libc++.so.1", "libc++abi.so.1"};
  for (const char* runtime : kRuntimes) {
    if (found == nullptr) found = symbolOf(runtime, name);
  }
  if (found == nullptr) found = dlsym(RTLD_NEXT, name);
  errno = saved;
  return found;
}

}  // namespace alloc8::platform
