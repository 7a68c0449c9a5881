// Who descends from this process. It is a subreaper, so that a descendant never leaves the chain of parents that
// ends here: no daemon, double fork or new session hides from it.

#pragma once

#include <stdint.h>

namespace alloc8::launch {

struct ProcessState {
  char state;       // a letter of /proc/PID/stat
  int parent;       // its parent's process id
  int64_t threads;  // 1 or less for a zombie that has nothing running any more
};

// Our own process id as /proc counts them, or -1 where /proc is missing. It differs from getpid() where /proc belongs
// to another pid namespace; then the numbers in it mean other processes, and the functions below refuse to look.
int ownPidInProc();

using Visit = void (*)(void* context, int proc, int pid, const ProcessState& state);

// Nanoseconds of a clock that only goes forward, and stands still while the machine sleeps.
int64_t monotonicNs();

// Calls `visit` for every descendant, parents before their children, until `deadlineNs` (monotonicNs): hundreds of
// busy processes can make a walk last seconds. `proc` is a descriptor of /proc. Children born meanwhile are met too, up
// to a bound. Returns false where /proc cannot be used.
bool forEachDescendant(void* context, Visit visit, int64_t deadlineNs);

// Sends `number` to every descendant, and SIGCONT after it where `wake`. A process gets it only through a handle of
// its own (pidfd) taken before its parent was looked up again, so that a process id used twice misleads nobody.
// Adds the processes signalled for the first time to `count`. Returns false where /proc cannot be used.
bool signalDescendants(int number, bool wake, int64_t deadlineNs, int64_t& count);

// Sends SIGKILL to the direct children alone, which is quick: they are ours to collect, so that their process ids
// cannot be used again meanwhile. Orphans become direct children, which lets this catch processes that fork and exit
// faster than a walk through /proc can follow. Needs a kernel with CONFIG_PROC_CHILDREN, else does nothing.
void killChildren(int64_t& count);

// Sends SIGKILL to the whole process group of `leader` in one call, where it leads one and the group lies in a session
// that it or this process began, so that nobody but descendants can be in it. `leader` must not have been collected:
// its number would be free for others.
void killGroup(int leader);

}  // namespace alloc8::launch
