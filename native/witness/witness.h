// The witness: a tiny preloaded library, with no malloc of its own, that reports which library each allocation entry
// point is bound to, and follows what the process forks, starts and loads. Its parts, from the loader's side to the
// file's.

#pragma once

#include <cstddef>
#include <cstdint>

#include "record/journal.h"
#include "record/witness_writer.h"

namespace alloc8::witness {

// Whether the loader is one whose objects can be listed; another libc's is not.
bool canDescribe();

// Describes the loaded objects and their bindings into the writer: objects in search order, then every definition of
// an entry point, then every reference with what it resolves to.
void describeBindings(record::WitnessWriter& writer);

// Takes what is loaded now for what was loaded at start. Once, before main.
void rememberObjects();

// Whether no thread is in the midst of loading or unloading, so that the loader's lists may be walked even where this
// call has interrupted one. Takes no lock.
bool listsAreAtRest();

// Whether something was loaded that rememberObjects or enterLateObjects have not seen. Takes the loader's lock.
bool hasLateObjects();

// Enters what was loaded since, and what it is bound to, as far as it refers to entry points: one entry for the
// program's namespace, with these flags (JournalFlags), and one for each other. Takes the loader's lock.
void enterLateObjects(record::Journal& journal, std::int64_t pid, std::uint32_t flags);

}  // namespace alloc8::witness
