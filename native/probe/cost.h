// What the probe itself takes, measured in every program: by calls that count as those of the program do, but into a
// slot that is nobody's.

#pragma once

#include <cstdint>

#include "record/probe_format.h"

namespace alloc8::probe {

// Of counting and of live bytes, in picoseconds a call, to the places of their levels. Once in a program, a few
// microseconds, before its first call is counted; for live bytes it asks the heap for a block and gives it back. Keeps
// errno.
void measureCountingCost(bool live, std::uint64_t* picoseconds);

// Of the timing of a call, to the place of its level, and of a closer look at a call that is not timed. While the file
// of latencies is being made; keeps errno.
void measureTimingCost(std::uint64_t* picoseconds, std::uint64_t* watchPicoseconds);

// Of a call that is no sample, to the place of sampling. While the file of samples is being made; keeps errno.
void measureSamplingCost(std::uint64_t* picoseconds);

}  // namespace alloc8::probe
