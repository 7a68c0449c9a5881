// Runs a function in a forked child and says how it ended, for what can only be seen from outside: aborts, signals,
// messages on standard error, and changes of the process that must not reach the next test.

#pragma once

#include <cerrno>
#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

namespace alloc8::check {

struct End {
  int status = -1;    // exit status, -1 when a signal ended it
  int signal = 0;     // 0 when it exited
  std::string error;  // what it wrote to standard error
};

// The child exits with status 0 after `function` unless it ends before. To be called without other threads.
template <class Function>
End inChild(Function function) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  std::fflush(stdout);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    function();
    _exit(0);
  }
  close(ends[1]);
  End end;
  char bytes[4096];
  ssize_t got;
  while ((got = read(ends[0], bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) end.error.append(bytes, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) end.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

// Runs the function in a child and fails here when it failed there.
template <class Function>
void passesInChild(const char* file, int line, Function function) {
  const End end = inChild(function);
  if (end.status != 0) {
    failed(file, line,
           "the child ended with status " + std::to_string(end.status) + ", signal " + std::to_string(end.signal) +
               "\n" + end.error);
  }
}

}  // namespace alloc8::check

#define CHECK_IN_CHILD(...) alloc8::check::passesInChild(__FILE__, __LINE__, __VA_ARGS__)
