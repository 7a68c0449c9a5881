// The report's body: the one place that knows its field names. `version` changes when a field changes its meaning.

#include "report.h"

#include "json.h"
#include "system.h"

namespace alloc8::launch {
namespace {

constexpr int64_t kVersion = 1;

// A tree that went wild may leave thousands behind; a reader is helped by the first ones.
constexpr int64_t kMaxLeftovers = 256;

struct Leftovers {
  JsonLine& line;
  int64_t listed = 0;
  int64_t omitted = 0;
};

void writeNumber(JsonLine& line, const char* key, int64_t value) {
  line.key(key);
  line.number(value);
}

void writeFlag(JsonLine& line, const char* key, bool value) {
  line.key(key);
  line.boolean(value);
}

void writeEnd(JsonLine& line, const Outcome& outcome) {
  line.key("exitCode");
  outcome.ended&& outcome.signal == 0 ? line.number(outcome.exitCode) : line.null();
  line.key("signal");
  if (outcome.ended && outcome.signal != 0) {
    char name[16];
    signalName(outcome.signal, name);
    line.text(name);
  } else {
    line.null();
  }
  writeFlag(line, "coreDumped", outcome.coreDumped);
  writeFlag(line, "timedOut", outcome.timedOut);
  writeFlag(line, "lifelineLost", outcome.lifelineLost);
  line.key("spawnErrno");
  outcome.spawnErrno != 0 ? line.number(outcome.spawnErrno) : line.null();
  line.key("spawnStep");
  outcome.spawnErrno != 0 ? line.text(outcome.spawnStep) : line.null();
}

void writeUsage(JsonLine& line, const Usage& usage) {
  writeNumber(line, "userNs", usage.userNs);
  writeNumber(line, "sysNs", usage.sysNs);
  writeNumber(line, "peakRssBytes", usage.peakRssBytes);
  writeNumber(line, "minorFaults", usage.minorFaults);
  writeNumber(line, "majorFaults", usage.majorFaults);
  writeNumber(line, "voluntarySwitches", usage.voluntarySwitches);
  writeNumber(line, "involuntarySwitches", usage.involuntarySwitches);
}

void writeLeftover(void* context, int pid, const char* command, size_t length) {
  auto& leftovers = *static_cast<Leftovers*>(context);
  if (leftovers.listed == kMaxLeftovers) {
    ++leftovers.omitted;
    return;
  }
  ++leftovers.listed;
  leftovers.line.open('{');
  writeNumber(leftovers.line, "pid", pid);
  leftovers.line.key("command");
  leftovers.line.text(command, length);
  leftovers.line.close('}');
}

}  // namespace

int writeReport(int fd, const Outcome& outcome) {
  JsonLine line(fd);
  line.open('{');
  writeNumber(line, "version", kVersion);
  writeNumber(line, "pid", outcome.pid);
  writeEnd(line, outcome);
  writeNumber(line, "wallNs", outcome.wallNs);
  writeNumber(line, "suspendedNs", outcome.suspendedNs);
  writeUsage(line, outcome.usage);
  line.key("instructions");
  outcome.instructions >= 0 ? line.number(outcome.instructions) : line.null();
  line.key("tree");
  line.open('{');
  writeNumber(line, "reaped", outcome.reaped);
  writeUsage(line, outcome.tree);
  line.close('}');
  Leftovers leftovers{line};
  line.key("leftovers");
  line.open('[');
  // Where they cannot be looked up, there is at least one.
  if (hasChildren() && !listDescendants(&leftovers, writeLeftover)) leftovers.omitted = 1;
  line.close(']');
  writeNumber(line, "leftoversOmitted", leftovers.omitted);
  writeNumber(line, "killed", outcome.killed);
  line.close('}');
  return line.finish();
}

}  // namespace alloc8::launch
