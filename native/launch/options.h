// The launcher's command line as data. Portable; the launcher has no C++ runtime, so nothing here allocates or throws.

#pragma once

#include <stdint.h>

namespace alloc8::launch {

// A set of CPU numbers, laid out as the scheduler's affinity calls expect: bit n of word n / 64.
struct CpuSet {
  static constexpr unsigned kLimit = 1024;
  uint64_t words[kLimit / 64] = {};
  bool any = false;

  void add(unsigned cpu) {
    words[cpu / 64] |= uint64_t{1} << (cpu % 64);
    any = true;
  }
};

struct Options {
  int reportFd = -1;
  int lifelineFd = -1;     // -1: none
  int64_t timeoutNs = -1;  // -1: none
  int64_t graceNs = 2'000'000'000;
  CpuSet cpus;             // empty: as inherited
  int64_t openFiles = -1;  // the target's soft limit of descriptors; -1: as inherited
  bool noAslr = false;
  bool countInstructions = false;
  bool killTree = false;
  bool captureStdout = false;
  bool captureStderr = false;
  char** command = nullptr;  // [0] is the path to execute, then argv[0], arguments and the closing null
};

// What is wrong with a command line: the option, what it expected and what came (null where nothing came).
struct OptionError {
  const char* option;
  const char* expected;
  const char* actual;
};

// Reads the command line. On failure fills `error` and returns false.
bool parseOptions(int argc, char** argv, Options& options, OptionError& error);

}  // namespace alloc8::launch
