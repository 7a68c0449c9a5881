// The witness: a tiny preloaded library, with no malloc of its own, that reports which library each allocation entry
// point is bound to. Its parts, from the loader's side to the file's.

#pragma once

#include <cstddef>
#include <cstdint>

#include "record/witness_writer.h"

namespace alloc8::witness {

// Whether the loader is one whose objects can be listed; another libc's is not.
bool canDescribe();

// Describes the loaded objects and their bindings into the writer: objects in search order, then every definition of
// an entry point, then every reference with what it resolves to.
void describeBindings(record::WitnessWriter& writer);

}  // namespace alloc8::witness
