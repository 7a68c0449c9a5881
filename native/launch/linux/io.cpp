// Descriptors, and the words for signals and errors.

#if !defined(__linux__)
#error "linux/io.cpp is for Linux"
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../system.h"

namespace alloc8::launch {
namespace {

struct SignalWord {
  int number;
  const char* name;
};

constexpr SignalWord kSignals[] = {
    {SIGHUP, "SIGHUP"},       {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"},     {SIGILL, "SIGILL"},
    {SIGTRAP, "SIGTRAP"},     {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},       {SIGFPE, "SIGFPE"},
    {SIGKILL, "SIGKILL"},     {SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"},     {SIGUSR2, "SIGUSR2"},
    {SIGPIPE, "SIGPIPE"},     {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},     {SIGCHLD, "SIGCHLD"},
    {SIGCONT, "SIGCONT"},     {SIGSTOP, "SIGSTOP"}, {SIGTSTP, "SIGTSTP"},     {SIGTTIN, "SIGTTIN"},
    {SIGTTOU, "SIGTTOU"},     {SIGURG, "SIGURG"},   {SIGXCPU, "SIGXCPU"},     {SIGXFSZ, "SIGXFSZ"},
    {SIGPROF, "SIGPROF"},     {SIGIO, "SIGIO"},     {SIGVTALRM, "SIGVTALRM"}, {SIGPWR, "SIGPWR"},
    {SIGWINCH, "SIGWINCH"},   {SIGSYS, "SIGSYS"},
#ifdef SIGSTKFLT
    {SIGSTKFLT, "SIGSTKFLT"},
#endif
};

}  // namespace

int hideFromTarget(int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0) return errno;
  return 0;
}

int writeAll(int fd, const char* bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written > 0) {
      bytes += written;
      length -= static_cast<size_t>(written);
    } else if (written < 0 && errno == EAGAIN) {
      pollfd ready = {fd, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (written < 0 && errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

void signalName(int number, char (&name)[16]) {
  for (const SignalWord& word : kSignals) {
    if (word.number == number) {
      strcpy(name, word.name);
      return;
    }
  }
  // Real-time signals: the C library and the kernel disagree on where they begin, the number is plain.
  strcpy(name, "SIG");
  char* end = name + 3;
  if (number >= 100) *end++ = static_cast<char>('0' + number / 100 % 10);
  if (number >= 10) *end++ = static_cast<char>('0' + number / 10 % 10);
  *end++ = static_cast<char>('0' + number % 10);
  *end = '\0';
}

const char* errorText(int number) {
  const char* text = strerror(number);
  return text == nullptr ? "unknown error" : text;
}

}  // namespace alloc8::launch
