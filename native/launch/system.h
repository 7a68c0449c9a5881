// What the launcher needs of an operating system. One folder per system has the bodies (linux/); the files beside
// this one use nothing else of it.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "report.h"

namespace alloc8::launch {

// Starts the target and stays until its end is known and, where asked for, its descendants are gone. Returns false
// where the target could not be started: `outcome.spawnErrno` and `spawnStep` say why. Call it once.
bool superviseTarget(const Options& options, Outcome& outcome);

// Makes `fd` invisible to the target. Returns 0, or the errno for a descriptor that is not open.
int hideFromTarget(int fd);

// Writes all bytes, whatever the descriptor's mode; never raises SIGPIPE once superviseTarget() has been entered.
// Returns 0 or an errno.
int writeAll(int fd, const char* bytes, size_t length);

// Whether any child, adopted ones included, has not been collected yet.
bool hasChildren();

// Calls `visit` for every descendant that is alive, with its command line (arguments separated by spaces, at most
// 4 KiB; in brackets where it has none). Returns false where the system does not let us look.
bool listDescendants(void* context, void (*visit)(void* context, int pid, const char* command, size_t length));

// "SIGSEGV", or "SIG34" for a number without a name.
void signalName(int number, char (&name)[16]);

// The system's words for an errno; never null.
const char* errorText(int number);

}  // namespace alloc8::launch
