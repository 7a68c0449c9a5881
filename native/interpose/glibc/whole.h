// Keeps the interposer whole where it is linked into a program from a static library, of which the linker takes only
// the files that something refers to: each of these refers to all, so that malloc never comes without free's other
// names, operator new and the fork handlers.

#pragma once

#include "alloc8/detail/compiler.h"

namespace alloc8::interpose {

ALLOC8_HIDDEN extern const char exportsAreLinked;
ALLOC8_HIDDEN extern const char forkIsLinked;
ALLOC8_HIDDEN extern const char operatorsAreLinked;
ALLOC8_HIDDEN extern const char reportIsLinked;

// One to each file, on purpose.
namespace {
// NOLINTNEXTLINE(misc-definitions-in-headers)
[[gnu::used]] const char* const everyFile[] = {&exportsAreLinked, &forkIsLinked, &operatorsAreLinked, &reportIsLinked};
}  // namespace

}  // namespace alloc8::interpose
