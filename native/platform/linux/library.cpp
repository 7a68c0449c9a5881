// Opening a heap's library beside the heap that the process has: its symbols stay its own, and nobody is interposed.

#ifndef __linux__
#error "this file is for Linux"
#endif

#include <dlfcn.h>
#include <link.h>
#include <cerrno>

#include "platform/platform.h"

namespace alloc8::platform {

void* openLibrary(const char* path, const char** problem) {
  // Not RTLD_DEEPBIND: under it, a library's calls of free for blocks of libc's would be its own.
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  *problem = library == nullptr ? dlerror() : nullptr;
  return library;
}

void* librarySymbol(void* library, const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol == nullptr) return nullptr;
  // dlsym goes on to what the library needs, and would find libc's.
  link_map* own = nullptr;
  Dl_info found{};
  link_map* owner = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &own) != 0) return nullptr;
  if (dladdr1(symbol, &found, reinterpret_cast<void**>(&owner), RTLD_DL_LINKMAP) == 0) return nullptr;
  return owner == own ? symbol : nullptr;
}

}  // namespace alloc8::platform
