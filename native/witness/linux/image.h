// What the witness knows of the process image that it is in, and its journal: shared by the parts of the witness that
// follow exec, posix_spawn, system, popen and dlopen.

#pragma once

#include <cstddef>
#include <cstdint>

#include "record/journal.h"

namespace alloc8::witness {

// Begins to follow this image, whose record has this number: its children by fork, and what it starts and loads.
void followImage(std::int64_t pid, std::uint64_t sequenceNs, const char* sessionFolder);

// The journal of this image, which may be closed: then nothing is followed.
record::Journal& journal();

// The process whose memory this is, which in the child of a vfork is its parent.
std::int64_t memoryOwner();
void setMemoryOwner(std::int64_t pid);

// From now on nothing here makes a system call that the target might not expect: a filter (seccomp) may end the process
// for one. What then cannot be told is left out.
bool isSilent();
void setSilent();

// What becomes of the heap in a program that is started with `environment` (null for none). From any context.
std::uint32_t startFlags(char* const* environment);

// Enters that `pid` starts a program; the entry is still open, null where there is no room. `name` may be relative to
// the current folder or, where `search` is set and there is no slash in it, stand for one in PATH. From any context.
record::JournalEntry* enterStart(record::JournalKind kind, std::int64_t pid, const char* name, bool search,
                                 char* const* environment);

// The function of that name that this library's own stands in front of. Not in a signal handler.
void* nextFunction(const char* name);

}  // namespace alloc8::witness
