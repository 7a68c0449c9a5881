// A heap's library opened beside Node's own heap, for lib/lab.

#pragma once

#include <napi.h>

namespace alloc8::addon {

// openHeap(path): its malloc, free, realloc, usableSize and statistics as functions, null for what it does not export
// itself. Throws an Error with the loader's words. Addresses are bigints, and whoever calls has checked them.
Napi::Value openHeap(const Napi::CallbackInfo& info);
// readMemory(address, bytes): a copy. writeMemory(address, buffer). For blocks of such a heap only.
Napi::Value readMemory(const Napi::CallbackInfo& info);
Napi::Value writeMemory(const Napi::CallbackInfo& info);

}  // namespace alloc8::addon
