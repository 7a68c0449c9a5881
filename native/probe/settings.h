// What the controller asks of the probe, by the environment: ALLOC8_PROBE=live,latency:10,sample:524288.

#pragma once

#include <cstdint>

#include "record/probe_format.h"

namespace alloc8::probe {

struct Settings {
  record::ProbeLevels levels = record::kProbeOff;
  // The mean number of bytes between two samples.
  std::uint64_t sampleBytes = std::uint64_t{512} << 10;
  // One in so many calls of a thread is timed.
  std::uint32_t latencyEvery = 1;
};

// Reads the variable; what it does not know is left out. Before main; keeps errno.
Settings settingsFromEnvironment();

// Of this process; a forked child has its parent's.
extern Settings settings;

}  // namespace alloc8::probe
