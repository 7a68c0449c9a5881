// What the addon has for probe files.

#pragma once

#include <cstddef>
#include <string>

#include <napi.h>

namespace alloc8::addon {

// probeBytesInUse(buffer): how much of a file that begins so is in use, or an error with the code SESSION_CORRUPT.
Napi::Value probeBytesInUse(const Napi::CallbackInfo& info);

// parseProbe(buffer, buffer): what two readings of one file, one after the other, say; or such an error.
Napi::Value parseProbe(const Napi::CallbackInfo& info);

// The name of an entry point that is told apart.
const char* probeEntryName(std::size_t entry);

// The error of a file that is not a sound one.
Napi::Error sessionCorrupt(Napi::Env env, const std::string& message);

}  // namespace alloc8::addon
