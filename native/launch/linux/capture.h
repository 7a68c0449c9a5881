// Pipes between the target's output and the controller.

#pragma once

#include "../options.h"
#include "start.h"

namespace alloc8::launch {

// Makes the pipes that `options` asks for, tells the controller of them on the report descriptor (which must be a
// socket for this) and waits for its answer:
//
//   launcher:   {"version":1,"procPid":123,"stdoutFd":5,"stderrFd":6}      (a descriptor not asked for is null)
//   controller: opens /proc/123/fd/5 for reading, and so on, then sends one byte
//
// Why not simply let the controller give us what it has: Node makes socket pairs, and a target whose output is a
// socket cannot open /dev/stdout. Why not pump: bytes that pass through us cost the measured machine a second time.
// Returns 0 or an errno; ECANCELED where the controller closed its end instead of answering.
int makeCapture(const Options& options, OutputEnds& output);

}  // namespace alloc8::launch
