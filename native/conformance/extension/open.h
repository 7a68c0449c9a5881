// Opens the C++ extension as an interpreter does (RTLD_LOCAL) and calls one of its functions.
#pragma once

#include <dlfcn.h>

#include "../check.h"

static inline void check_extension(const char* function) {
  for (int round = 0; round < 3; round++) {
    void* extension = dlopen("libcpp-extension.so", RTLD_NOW | RTLD_LOCAL);
    if (!extension) FAIL("dlopen, expected the extension, got %s", dlerror());
    const char* (*call)(void) = (const char* (*)(void))dlsym(extension, function);
    CHECK(call != NULL);
    const char* wrong = call();
    if (wrong) FAIL("%s: %s", function, wrong);
    CHECK_EQUAL(dlclose(extension), 0);
    free(malloc(1000));
  }
}
