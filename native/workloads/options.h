// The options of every workload, spelled alike: --threads, --size, --operations, --seed, and --sizes where sizes come
// from a file. Wrong use ends the program with a message and status 2.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace alloc8::workloads {

struct Options {
  unsigned threads = 1;
  std::uint64_t size = 0;        // what it means is each workload's own
  std::uint64_t operations = 0;  // of all threads together; what counts as one is each workload's own
  std::uint64_t seed = 1;
  std::string sizes;  // a file of sizes with weights; empty for the built-in ones
  // One operation in so many is timed, a power of two: reading the clock twice takes longer than a good malloc.
  unsigned timedOneIn = 64;
};

struct Description {
  const char* name;
  const char* summary;    // what it does, in one line
  const char* size;       // what --size is of it
  const char* operation;  // what counts as one
  Options defaults;
  std::uint64_t smallestSize = 1;
  bool takesSizes = false;
  const char* mean = nullptr;  // what the report calls the mean of what the workers sampled, if they did
};

// Reads argv, in which the description's defaults may be changed.
Options parseOptions(int argc, char** argv, const Description& description);

// Ends the program with a message that begins with the workload's name, and status 1. From any thread.
[[noreturn]] void fail(const std::string& what);

}  // namespace alloc8::workloads
