// The session's control page in this process: what is to be done at a call, changed while the program runs.

#pragma once

#include <cstdint>

#include "record/control_format.h"
#include "record/probe_format.h"

namespace alloc8::probe {

// The word that says what is to be done: of the control page, else of the environment. Never null.
extern const record::ProbeLevels* levelsWord;

// What is to be done at this call; anybody may have changed it, to anything: single bits are looked at, the others are
// nobody's.
inline record::ProbeLevels currentLevels() { return __atomic_load_n(levelsWord, __ATOMIC_RELAXED); }

// Maps the page of a session's folder; without one, or with one that is none, the environment's levels hold for good.
// Once, before main; keeps errno.
void openControl(const char* folder, record::ProbeLevels fromEnvironment);

// Null where there is none. A child has its parent's, however it was made.
const record::ControlPage* control();

}  // namespace alloc8::probe
