// Starts the target by vfork and execve. Not by fork or a spawning function of a big runtime: the kernel carries the
// peak resident memory of whoever executes the target over into the target's own, and this image is small.
//
// After vfork the child runs on our memory and stack while we are suspended: it makes system calls, notes what failed
// and never returns from here.

#if !defined(__linux__)
#error "linux/start.cpp is for Linux"
#endif

#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace alloc8::launch {
namespace {

constexpr int kNotStarted = 127;

// What the child tells us through the shared memory. Volatile: the compiler sees a function that does not return and
// would be right to drop what it stores.
struct Note {
  volatile int error = 0;
  const char* volatile step = nullptr;
};

void restoreSignals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  // The C library refuses the numbers that it keeps for itself, and rightly.
  for (int number = 1; number < NSIG; ++number) sigaction(number, &standard, nullptr);
}

// Restricts the child to `cpus`. The kernel would accept a set of which only some exist; a caller who asked for CPUs
// that are not there must hear of it.
int restrictTo(const CpuSet& cpus) {
  cpu_set_t wanted;
  static_assert(sizeof wanted == sizeof cpus.words);
  memcpy(&wanted, cpus.words, sizeof wanted);
  if (sched_setaffinity(0, sizeof wanted, &wanted) != 0) return errno;
  cpu_set_t got;
  memset(&got, 0, sizeof got);
  if (sched_getaffinity(0, sizeof got, &got) != 0) return errno;
  return CPU_EQUAL(&got, &wanted) ? 0 : EINVAL;
}

int turnAslrOff() {
  int current = personality(0xffffffff);
  if (current == -1 || personality(static_cast<unsigned long>(current) | ADDR_NO_RANDOMIZE) == -1) return errno;
  return 0;
}

// The controller's runtime may have raised the soft limit for itself; programs size their tables by it.
void limitOpenFiles(int64_t count) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  auto wanted = static_cast<rlim_t>(count);
  if (wanted > limit.rlim_max) return;
  limit.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Whether the session has a terminal; also where that cannot be told.
bool hasTerminal() {
  int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno != ENXIO;
  close(fd);
  return true;
}

bool looksLikeText(const char* path) {
  char head[128];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, head, sizeof head);
  close(fd);
  return length >= 0 && memchr(head, '\0', static_cast<size_t>(length)) == nullptr;
}

// Executes the target. A script without an interpreter line is given to the shell, as every shell and execvp() do.
int execute(char** command) {
  execve(command[0], command + 1, environ);
  int error = errno;
  if (error != ENOEXEC || !looksLikeText(command[0])) return error;
  char shell[] = "/bin/sh";
  char* path = command[0];
  char* name = command[1];
  command[0] = shell;
  command[1] = path;
  execve(shell, command, environ);
  command[0] = path;
  command[1] = name;
  return ENOEXEC;
}

[[noreturn]] void runChild(const Options& options, OutputEnds output, pid_t launcher, Note& note) {
  restoreSignals();
  // Only where somebody holds the lifeline: a plain run promises that the target outlives us.
  if (options.lifelineFd >= 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launcher) _exit(kNotStarted);
  }
  // Where no terminal cares for groups the target gets one of its own: it can be ended in one call, and what it sends
  // to its group spares us.
  if (getsid(0) == launcher && !hasTerminal()) setpgid(0, 0);
  if (output.stdoutFd >= 0) dup2(output.stdoutFd, STDOUT_FILENO);
  if (output.stderrFd >= 0) dup2(output.stderrFd, STDERR_FILENO);
  if (options.openFiles >= 0) limitOpenFiles(options.openFiles);
  note.step = "affinity";
  if (options.cpus.any) note.error = restrictTo(options.cpus);
  if (note.error == 0) {
    note.step = "aslr";
    if (options.noAslr) note.error = turnAslrOff();
  }
  if (note.error == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    note.step = "exec";
    note.error = execute(options.command);
  }
  _exit(kNotStarted);
}

}  // namespace

Birth startTarget(const Options& options, OutputEnds output) {
  Note note;
  pid_t launcher = getpid();
  // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork): its child does nothing but what a spawn would do.
  pid_t pid = vfork();
  // NOLINTNEXTLINE(clang-analyzer-unix.Vfork): the frame that called vfork stays until the child has gone.
  if (pid == 0) runChild(options, output, launcher, note);
  if (pid < 0) return {0, errno, "fork"};
  return {pid, note.error, note.step};
}

}  // namespace alloc8::launch
