// The command line of every workload, read once and alike, so that no program has a spelling of its own.

#include "workloads/options.h"

#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace alloc8::workloads {

namespace {

const char* programName = "workload";

constexpr std::uint64_t kMostThreads = 1024;
constexpr std::uint64_t kMostSize = 0xffff'ffff;                   // random sizes have 32 bits
constexpr std::uint64_t kMostOperations = std::uint64_t{1} << 53;  // a number in JSON
constexpr std::uint64_t kMostSeed = 0xffff'ffff'ffff'ffff;

[[noreturn]] void wrongUse(const std::string& what) {
  std::fprintf(stderr, "%s: %s\nTry %s --help.\n", programName, what.c_str(), programName);
  std::exit(2);
}

std::uint64_t wholeNumber(const std::string& option, const char* text, std::uint64_t least, std::uint64_t most) {
  char* end = nullptr;
  errno = 0;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value < least || value > most) {
    wrongUse(option + ": expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
             ", got \"" + text + "\"");
  }
  return value;
}

void help(const Description& description) {
  const Options& d = description.defaults;
  std::printf("%s: %s\n\n", description.name, description.summary);
  std::printf("  --threads N     how many threads (%u)\n", d.threads);
  std::printf("  --size N        %s (%" PRIu64 ")\n", description.size, d.size);
  std::printf("  --operations N  of all threads together; one is %s (%" PRIu64 ")\n", description.operation,
              d.operations);
  std::printf("  --seed N        of all that is random (%" PRIu64 ")\n", d.seed);
  if (description.takesSizes) std::printf("  --sizes FILE    lines of SIZE WEIGHT (those of sqlite3)\n");
  std::printf("\nPrints one line of JSON: schema/workload.json of the package alloc8 says what is in it.\n");
}

}  // namespace

void fail(const std::string& what) {
  // The first thread to fail speaks, and ends the program for the others.
  static std::atomic_flag failed;
  while (failed.test_and_set()) std::this_thread::yield();
  std::fprintf(stderr, "%s: %s\n", programName, what.c_str());
  // Other threads may be running: nothing is taken down.
  std::_Exit(1);
}

Options parseOptions(int argc, char** argv, const Description& description) {
  programName = description.name;
  Options options = description.defaults;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--help") {
      help(description);
      std::exit(std::fflush(stdout) == 0 ? 0 : 1);
    }
    const bool known = option == "--threads" || option == "--size" || option == "--operations" || option == "--seed" ||
                       (description.takesSizes && option == "--sizes");
    if (!known) wrongUse("no such option or argument: \"" + option + "\"");
    if (i + 1 == argc) wrongUse(option + ": expected a value, got nothing");
    const char* value = argv[++i];
    if (option == "--threads") options.threads = static_cast<unsigned>(wholeNumber(option, value, 1, kMostThreads));
    if (option == "--size") options.size = wholeNumber(option, value, description.smallestSize, kMostSize);
    if (option == "--operations") options.operations = wholeNumber(option, value, 0, kMostOperations);
    if (option == "--seed") options.seed = wholeNumber(option, value, 0, kMostSeed);
    if (option == "--sizes") options.sizes = value;
  }
  return options;
}

}  // namespace alloc8::workloads
