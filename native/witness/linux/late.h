// What is loaded after start: looked at once it is there, which is at the next call that leads through the witness,
// because dlopen itself has to be left by a tail call.

#pragma once

namespace alloc8::witness {

// Looks at what dlopen has loaded since it was last called, if it was, and if that is safe here and now. From any
// context.
void lookAtLateObjects();

// The same, also at what libc has loaded by itself (name services, character sets), though nobody called dlopen.
void lookForTheLastTime();

// In the child of a fork: what its parent loaded is the parent's to tell of.
void forgetLateObjects();

// Finds libc's functions while that is allowed.
void findLoadFunctions();
void findExecFunctions();
void findSpawnFunctions();
void findSandboxFunctions();

}  // namespace alloc8::witness
