// Reads files of latencies as hostile input: every number is checked, and nothing of a file is trusted to agree with
// itself.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "record/latency_format.h"

namespace alloc8::record {

// The calls of one entry point and size group, of all threads.
struct LatencySum {
  std::size_t entry;
  std::size_t group;
  LatencyHistogram histogram;
};

struct LatencyContent {
  LatencyHeader header;
  double nsPerTick;
  std::uint64_t lostCalls;
  std::vector<LatencySum> sums;  // those that have something
};

// How many bytes of a file whose first page is given are in use; 0 and a problem where it is no file of latencies.
std::uint64_t latencyBytesInUse(const void* firstPage, std::size_t bytes, std::string* problem);

// The reader's own clocks, and the calendar when the second of them began.
struct LatencyReaderClock {
  LatencyClock now;
  std::uint64_t originNs;
};

// Reads what was read of a file. `reader` is for the speed of the ticks of a process that was short; it counts for
// nothing where the file is another machine's, or older than the last start of this one. Empty, or what is wrong, with
// an offset.
std::string parseLatency(const void* memory, std::size_t bytes, const LatencyReaderClock& reader,
                         LatencyContent* content);

}  // namespace alloc8::record
