// C23's sized frees, which older C libraries lack: they are looked up where the program runs.
#pragma once

#include <dlfcn.h>

#include "../check.h"

typedef void FreeSized(void* block, size_t size);
typedef void FreeAlignedSized(void* block, size_t alignment, size_t size);

static inline void* sized_function(const char* name) { return dlsym(RTLD_DEFAULT, name); }
