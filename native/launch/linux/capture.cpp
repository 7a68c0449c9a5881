// See capture.h for the exchange.

#if !defined(__linux__)
#error "linux/capture.cpp is for Linux"
#endif

#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../json.h"
#include "processes.h"

namespace alloc8::launch {
namespace {

constexpr int kFirstFree = 3;

struct Pipe {
  int readEnd = -1;
  int writeEnd = -1;
};

// Moves a descriptor out of the way of the standard ones, which may be closed when we start.
int aboveStandard(int fd) {
  if (fd >= kFirstFree) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, kFirstFree);
  close(fd);
  return moved;
}

int makePipe(bool wanted, Pipe& made) {
  if (!wanted) return 0;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  made.readEnd = aboveStandard(ends[0]);
  made.writeEnd = aboveStandard(ends[1]);
  return made.readEnd < 0 || made.writeEnd < 0 ? errno : 0;
}

void writeDescriptor(JsonLine& line, const char* key, int fd) {
  line.key(key);
  fd < 0 ? line.null() : line.number(fd);
}

int announce(const Options& options, const Pipe& out, const Pipe& err) {
  JsonLine line(options.reportFd);
  line.open('{');
  line.key("version");
  line.number(1);
  line.key("procPid");
  line.number(ownPidInProc());
  writeDescriptor(line, "stdoutFd", out.readEnd);
  writeDescriptor(line, "stderrFd", err.readEnd);
  line.close('}');
  return line.finish();
}

int awaitAnswer(int fd) {
  for (;;) {
    char answer;
    ssize_t length = read(fd, &answer, 1);
    if (length == 1) return 0;
    if (length == 0) return ECANCELED;
    if (errno != EINTR) return errno;
  }
}

}  // namespace

int makeCapture(const Options& options, OutputEnds& output) {
  if (!options.captureStdout && !options.captureStderr) return 0;
  Pipe out;
  Pipe err;
  int error = makePipe(options.captureStdout, out);
  if (error == 0) error = makePipe(options.captureStderr, err);
  if (error == 0) error = announce(options, out, err);
  if (error == 0) error = awaitAnswer(options.reportFd);
  if (out.readEnd >= 0) close(out.readEnd);
  if (err.readEnd >= 0) close(err.readEnd);
  output = {out.writeEnd, err.writeEnd};
  return error;
}

}  // namespace alloc8::launch
