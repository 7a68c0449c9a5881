// Reads the launcher's command line. It is written by our own TypeScript, so the grammar is small and strict: one
// spelling for each option, every number bounded, and a target that must be given in full.

#include "options.h"

#include <string.h>

namespace alloc8::launch {
namespace {

constexpr int64_t kMaxMilliseconds = 1'000'000'000'000;
constexpr int64_t kMaxDescriptor = 1 << 30;

// Reads decimal digits up to `stop`; returns false for no digits or a value above `limit`.
bool readNumber(const char*& at, int64_t limit, int64_t& value) {
  if (*at < '0' || *at > '9') return false;
  value = 0;
  for (; *at >= '0' && *at <= '9'; ++at) {
    value = value * 10 + (*at - '0');
    if (value > limit) return false;
  }
  return true;
}

bool parseWholeNumber(const char* text, int64_t limit, int64_t& value) {
  return readNumber(text, limit, value) && *text == '\0';
}

bool parseDescriptor(const char* text, int& fd) {
  int64_t value = 0;
  if (!parseWholeNumber(text, kMaxDescriptor, value) || value < 3) return false;
  fd = static_cast<int>(value);
  return true;
}

bool parseMilliseconds(const char* text, int64_t& ns) {
  int64_t value = 0;
  if (!parseWholeNumber(text, kMaxMilliseconds, value)) return false;
  ns = value * 1'000'000;
  return true;
}

bool parseCpus(const char* text, CpuSet& cpus) {
  for (;;) {
    int64_t cpu = 0;
    if (!readNumber(text, CpuSet::kLimit - 1, cpu)) return false;
    cpus.add(static_cast<unsigned>(cpu));
    if (*text == '\0') return true;
    if (*text++ != ',') return false;
  }
}

// Options without a value. Returns false for any other word.
bool parseFlag(const char* word, Options& options) {
  if (strcmp(word, "--no-aslr") == 0) return options.noAslr = true;
  if (strcmp(word, "--count-instructions") == 0) return options.countInstructions = true;
  if (strcmp(word, "--kill-tree") == 0) return options.killTree = true;
  if (strcmp(word, "--capture-stdout") == 0) return options.captureStdout = true;
  if (strcmp(word, "--capture-stderr") == 0) return options.captureStderr = true;
  return false;
}

// Options with a value. `expected` says what the option takes, and is null for an unknown option.
bool parseValue(const char* word, const char* value, Options& options, const char*& expected) {
  const char* text = value == nullptr ? "" : value;
  if (strcmp(word, "--report-fd") == 0) {
    expected = "an open descriptor, 3 or above";
    return parseDescriptor(text, options.reportFd);
  }
  if (strcmp(word, "--lifeline-fd") == 0) {
    expected = "an open descriptor, 3 or above";
    return parseDescriptor(text, options.lifelineFd);
  }
  if (strcmp(word, "--timeout-ms") == 0) {
    expected = "milliseconds";
    return parseMilliseconds(text, options.timeoutNs);
  }
  if (strcmp(word, "--grace-ms") == 0) {
    expected = "milliseconds";
    return parseMilliseconds(text, options.graceNs);
  }
  if (strcmp(word, "--cpus") == 0) {
    expected = "CPU numbers below 1024, such as 0,1";
    return parseCpus(text, options.cpus);
  }
  if (strcmp(word, "--open-files") == 0) {
    expected = "a number of descriptors";
    return parseWholeNumber(text, kMaxDescriptor, options.openFiles);
  }
  expected = nullptr;
  return false;
}

}  // namespace

bool parseOptions(int argc, char** argv, Options& options, OptionError& error) {
  int at = 1;
  for (; at < argc && strcmp(argv[at], "--") != 0; ++at) {
    if (parseFlag(argv[at], options)) continue;
    const char* value = at + 1 < argc ? argv[at + 1] : nullptr;
    const char* expected = nullptr;
    if (!parseValue(argv[at], value, options, expected)) {
      if (expected == nullptr) {
        error = {"options", "an option of alloc8-launch", argv[at]};
      } else {
        error = {argv[at], expected, value};
      }
      return false;
    }
    ++at;
  }
  if (options.reportFd < 0) {
    error = {"--report-fd", "an open descriptor, 3 or above", nullptr};
    return false;
  }
  if (argc - at < 3) {
    error = {"--", "the path of an executable and its argv[0]", at + 1 < argc ? argv[at + 1] : nullptr};
    return false;
  }
  if (argv[at + 1][0] != '/') {
    error = {"--", "an absolute path of an executable", argv[at + 1]};
    return false;
  }
  options.command = argv + at + 1;
  return true;
}

}  // namespace alloc8::launch
