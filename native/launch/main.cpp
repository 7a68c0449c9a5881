// alloc8-launch: starts one target, waits for it and its orphans, and reports what it cost as one line of JSON.
//
//   alloc8-launch --report-fd N [--lifeline-fd N] [--timeout-ms N] [--grace-ms N] [--cpus 0,1] [--no-aslr]
//                 [--open-files N] [--kill-tree] [--capture-stdout] [--capture-stderr]
//                 [--count-instructions] -- EXE ARGV0 ARG...
//
// A target inherits the peak resident memory of the process that executes it, so this program stays small: static,
// no C++ runtime, no allocation. It ends with 0 once the target was started and reported, else with 125.

#include <errno.h>
#include <string.h>

#include "system.h"

namespace alloc8::launch {
namespace {

constexpr int kFailed = 125;
constexpr int kStandardError = 2;

// One write, so that the line is not torn by what the target prints.
class Message {
 public:
  Message& operator<<(const char* text) {
    size_t length = strlen(text);
    if (length > sizeof buffer_ - used_) length = sizeof buffer_ - used_;
    memcpy(buffer_ + used_, text, length);
    used_ += length;
    return *this;
  }
  void print() { writeAll(kStandardError, buffer_, used_); }

 private:
  char buffer_[1024];
  size_t used_ = 0;
};

int fail(const OptionError& error) {
  Message message;
  message << "alloc8-launch: " << error.option << ": expected " << error.expected << ", got "
          << (error.actual == nullptr ? "nothing" : error.actual) << "\n";
  message.print();
  return kFailed;
}

int run(int argc, char** argv) {
  Options options;
  OptionError error;
  if (!parseOptions(argc, argv, options, error)) return fail(error);
  if (hideFromTarget(options.reportFd) != 0) return fail({"--report-fd", "an open descriptor", "a closed one"});
  if (options.lifelineFd >= 0 && hideFromTarget(options.lifelineFd) != 0) {
    return fail({"--lifeline-fd", "an open descriptor", "a closed one"});
  }
  Outcome outcome;
  bool started = superviseTarget(options, outcome);
  int lost = writeReport(options.reportFd, outcome);
  // Who reads it may be gone, killed or in a hurry; what became of a target that ran is then nobody's concern.
  if (lost != 0 && !(lost == EPIPE && started)) {
    // Nobody else will tell what happened.
    Message message;
    message << "alloc8-launch: the report was not written: " << errorText(lost) << "\n";
    if (!started) {
      message << "alloc8-launch: " << options.command[0] << " was not started (" << outcome.spawnStep
              << "): " << errorText(outcome.spawnErrno) << "\n";
    }
    message.print();
  }
  return started && lost == 0 ? 0 : kFailed;
}

}  // namespace
}  // namespace alloc8::launch

int main(int argc, char** argv) { return alloc8::launch::run(argc, argv); }
