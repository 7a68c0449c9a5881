// The loader's own lists, as far as the witness reads them.

#pragma once

#include <link.h>

#include "record/witness_writer.h"

namespace alloc8::witness {

// The first object of the program's namespace; null where the loader is not glibc's.
const link_map* firstObject();

// The object that an address lies in; null where it lies in none, or libc (before glibc 2.35) cannot tell without a
// lock.
const link_map* ownerOf(const void* address);

// Describes the objects of the list that stand behind `last` (null: all of them); whether they refer to anything.
bool describeSince(record::WitnessWriter& writer, const link_map* list, const link_map* last, bool deepBound);

}  // namespace alloc8::witness
