// What the addon has for files of samples.

#pragma once

#include <napi.h>

namespace alloc8::addon {

// samplesParts(buffer): which parts of a file that begins so are in use, or an error with the code SESSION_CORRUPT.
Napi::Value samplesParts(const Napi::CallbackInfo& info);

// parseSamples(buffer): what a file says, or such an error.
Napi::Value parseSamples(const Napi::CallbackInfo& info);

}  // namespace alloc8::addon
