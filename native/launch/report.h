// What the launcher learnt about one target, and its one line of JSON (lib/launch/report.ts reads it).

#pragma once

#include <stdint.h>

namespace alloc8::launch {

// What the kernel accounts to a process and to the children that it waited for. Times are in nanoseconds.
struct Usage {
  int64_t userNs = 0;
  int64_t sysNs = 0;
  int64_t peakRssBytes = 0;
  int64_t minorFaults = 0;
  int64_t majorFaults = 0;
  int64_t voluntarySwitches = 0;
  int64_t involuntarySwitches = 0;
};

struct Outcome {
  int pid = 0;                      // 0: the target was never born
  int spawnErrno = 0;               // why it could not be started, 0 where it was
  const char* spawnStep = nullptr;  // fork, affinity, aslr, capture, exec
  bool ended = false;               // its end was collected: exactly one of exitCode and signal holds
  int exitCode = -1;                // -1: ended by a signal
  int signal = 0;
  bool coreDumped = false;
  bool timedOut = false;
  bool lifelineLost = false;
  int64_t wallNs = 0;
  int64_t suspendedNs = 0;    // the machine slept meanwhile, which is not in wallNs
  Usage usage;                // the target's own, as wait4 gives it
  Usage tree;                 // the same with every adopted orphan added; the peak is the largest
  int64_t instructions = -1;  // of the whole tree, in user space; -1 where they were not counted
  int64_t reaped = 0;         // processes collected here: the target and the orphans
  int64_t killed = 0;         // processes that were sent a signal to end them, the target included
};

// Writes the report. Descendants that are still alive are looked up and named here. Returns 0 or an errno.
int writeReport(int fd, const Outcome& outcome);

}  // namespace alloc8::launch
