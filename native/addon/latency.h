// Files of latencies for JavaScript.

#pragma once

#include <napi.h>

namespace alloc8::addon {

// latencyBytesInUse(start): how many bytes of the file are in use, or an error with the code SESSION_CORRUPT.
Napi::Value latencyBytesInUse(const Napi::CallbackInfo& info);

// parseLatency(bytes): its histograms, summed over the threads, or an error with the code SESSION_CORRUPT.
Napi::Value parseLatency(const Napi::CallbackInfo& info);

}  // namespace alloc8::addon
