// Reads probe files as hostile input: every length is checked, and nothing of a file is trusted to agree with itself.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "record/probe_format.h"

namespace alloc8::record {

// What a thread has counted since it began, or a process in all.
struct ProbeTally {
  ProbeEntryCount entries[kProbeEntries];
  std::uint64_t requested[kProbeClasses];
  ProbeClassCount classes[kProbeClasses];
  std::uint64_t requestedLiveBytes;
};

struct ProbeThread {
  std::int64_t thread;
  std::uint64_t beganNs;
  bool alive;  // as far as the file says; a process that was killed leaves all of them so
  ProbeTally tally;
};

struct ProbeContent {
  ProbeHeader header;
  ProbeInherited inherited;
  ProbeTally total;
  std::int64_t liveBlocks;  // of this process, with what it took over
  std::int64_t liveBytes;
  std::uint64_t threadsSeen;
  std::vector<ProbeThread> threads;  // the last of each slot
};

// How many bytes of a file whose first page is given are in use; 0 and a problem where it is no probe file.
std::uint64_t probeBytesInUse(const void* firstPage, std::size_t bytes, std::string* problem);

// Reads what was read of one file twice, one after the other: what was taken counts from the first reading and what was
// given from the second, so that no block is seen to be taken before it was given. Empty, or what is wrong, with an
// offset.
std::string parseProbe(const void* first, std::size_t firstBytes, const void* second, std::size_t secondBytes,
                       ProbeContent* content);

}  // namespace alloc8::record
