// From the target's start to the moment when there is nothing left to wait for.

#if !defined(__linux__)
#error "linux/supervise.cpp is for Linux"
#endif

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../system.h"
#include "capture.h"
#include "clocks.h"
#include "counter.h"
#include "processes.h"
#include "start.h"

namespace alloc8::launch {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
// A pipeline's last members often end a moment after the target: they are waited for before they are called left over.
constexpr int64_t kSettleNs = 50 * kMillisecond;
constexpr int64_t kLeftoverGraceNs = 500 * kMillisecond;
// When SIGKILL has ended nothing for so long, what is left (another user's process, a stuck disk) is named in the
// report instead. A tree that forks as fast as we kill is given up in the end, too.
constexpr int64_t kGiveUpNs = 10'000 * kMillisecond;
constexpr int64_t kGiveUpAtLastNs = 60'000 * kMillisecond;
constexpr int64_t kLongestRetryNs = 100 * kMillisecond;
constexpr int kMaxReapedAtOnce = 4096;
constexpr int kMaxStrikes = 50;
constexpr int64_t kNever = INT64_MAX;

// The signals that are passed on to the target.
constexpr int kPassedOn[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

int64_t nanoseconds(const timeval& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + int64_t{time.tv_usec} * 1'000;
}

void add(Usage& sum, const rusage& usage) {
  sum.userNs += nanoseconds(usage.ru_utime);
  sum.sysNs += nanoseconds(usage.ru_stime);
  int64_t peak = int64_t{usage.ru_maxrss} * 1024;
  if (peak > sum.peakRssBytes) sum.peakRssBytes = peak;
  sum.minorFaults += usage.ru_minflt;
  sum.majorFaults += usage.ru_majflt;
  sum.voluntarySwitches += usage.ru_nvcsw;
  sum.involuntarySwitches += usage.ru_nivcsw;
}

class Supervisor {
 public:
  Supervisor(const Options& options, Outcome& outcome)
      : options_(options), outcome_(outcome), lifeline_(options.lifelineFd) {}

  bool run();

 private:
  enum class Stage {
    running,      // the target lives
    settling,     // it ended, others live: they may be about to end too
    terminating,  // SIGTERM is out
    killing,      // SIGKILL goes out, again and again
    done
  };

  bool prepareSignals();
  bool start();
  void await(int64_t deadline);
  void handleSignals();
  void checkLifeline(short events);
  bool reap();
  void collect(pid_t pid, int status, const rusage& usage);
  void advance(bool children);
  void terminate(int64_t graceNs);
  bool strike();
  int64_t deadline() const;

  bool fail(int error, const char* step) {
    outcome_.spawnErrno = error;
    outcome_.spawnStep = step;
    return false;
  }

  const Options& options_;
  Outcome& outcome_;
  int lifeline_;
  Counter counter_;
  int signals_ = -1;
  Stage stage_ = Stage::running;
  bool moreToReap_ = false;
  int64_t startNs_ = 0;
  ClockReading startClocks_;
  int64_t stageEndNs_ = kNever;  // when the stage gives way to the next
  int64_t retryNs_ = 0;          // killing: the pause until the next strike
  int64_t nextStrikeNs_ = 0;
  int64_t lastStrikeNs_ = 0;
  int64_t reapedBefore_ = 0;
};

bool Supervisor::prepareSignals() {
  // Everything that ends us by default and is not passed on (SIGALRM and so on) may end us. Signals that stop are left
  // alone too: with Ctrl-Z the whole foreground group stops and goes on together.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);  // ignored, it would make the kernel throw the accounts away
  sigset_t handled;
  sigemptyset(&handled);
  sigaddset(&handled, SIGCHLD);
  for (int number : kPassedOn) sigaddset(&handled, number);
  sigprocmask(SIG_SETMASK, &handled, nullptr);
  signals_ = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
  return signals_ >= 0;
}

bool Supervisor::start() {
  OutputEnds output;
  int error = makeCapture(options_, output);
  if (error != 0) return fail(error, "capture");
  sigset_t all;
  sigset_t usual;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &usual);
  // Without counters the target runs all the same; the report says that nothing was counted.
  if (options_.countInstructions) counter_.open(CounterEvent::instructions);
  startClocks_ = readClocks();
  startNs_ = monotonicNs();
  Birth birth = startTarget(options_, output);
  sigprocmask(SIG_SETMASK, &usual, nullptr);
  if (output.stdoutFd >= 0) close(output.stdoutFd);
  if (output.stderrFd >= 0) close(output.stderrFd);
  if (birth.error != 0) {
    if (birth.pid != 0) waitpid(birth.pid, nullptr, 0);
    return fail(birth.error, birth.step);
  }
  outcome_.pid = birth.pid;
  if (options_.timeoutNs >= 0) stageEndNs_ = startNs_ + options_.timeoutNs;
  return true;
}

bool Supervisor::run() {
  if (!prepareSignals()) return fail(errno, "signals");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail(errno, "subreaper");
  if (!start()) return false;
  while (stage_ != Stage::done) {
    await(deadline());
    advance(reap());
  }
  outcome_.instructions = counter_.read();
  return true;
}

int64_t Supervisor::deadline() const {
  if (moreToReap_) return 0;
  if (stage_ == Stage::killing) return nextStrikeNs_;
  return stageEndNs_;
}

// Sleeps until something happens or `deadline` comes, and takes note of what happened.
void Supervisor::await(int64_t deadline) {
  timespec left = {};
  if (deadline != kNever) {
    int64_t ns = deadline - monotonicNs();
    if (ns < 0) ns = 0;
    left = {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  }
  pollfd watched[2] = {{signals_, POLLIN, 0}, {lifeline_, POLLIN, 0}};  // a negative descriptor is passed over
  if (ppoll(watched, 2, deadline == kNever ? nullptr : &left, nullptr) <= 0) return;
  if (watched[0].revents != 0) handleSignals();
  if (watched[1].revents != 0) checkLifeline(watched[1].revents);
}

void Supervisor::handleSignals() {
  signalfd_siginfo info;
  while (read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    // A signal that the terminal made (Ctrl-C, hang-up) went to the whole foreground group: the target has it already.
    bool ours = info.ssi_signo == SIGCHLD || info.ssi_code == SI_KERNEL;
    if (!ours && !outcome_.ended) kill(outcome_.pid, static_cast<int>(info.ssi_signo));
  }
}

void Supervisor::checkLifeline(short events) {
  char ignored[256];
  if ((events & POLLIN) != 0) {
    ssize_t length = read(lifeline_, ignored, sizeof ignored);
    if (length > 0 || (length < 0 && (errno == EINTR || errno == EAGAIN))) return;
  }
  lifeline_ = -1;
  outcome_.lifelineLost = true;
}

// Collects what has ended. Returns false once there is no child at all.
bool Supervisor::reap() {
  for (int count = 0; count < kMaxReapedAtOnce; ++count) {
    int status = 0;
    rusage usage;
    pid_t pid = wait4(-1, &status, WNOHANG | __WALL, &usage);
    if (pid <= 0) {
      moreToReap_ = pid < 0 && errno == EINTR;
      return pid == 0 || errno != ECHILD;
    }
    collect(pid, status, usage);
  }
  // A tree that makes orphans faster than this must not keep us from our deadlines.
  return moreToReap_ = true;
}

void Supervisor::collect(pid_t pid, int status, const rusage& usage) {
  ++outcome_.reaped;
  add(outcome_.tree, usage);
  if (pid != outcome_.pid || outcome_.ended) return;
  outcome_.wallNs = monotonicNs() - startNs_;
  outcome_.suspendedNs = suspendedBetween(startClocks_, readClocks());
  outcome_.ended = true;
  add(outcome_.usage, usage);
  if (WIFSIGNALED(status)) {
    outcome_.signal = WTERMSIG(status);
    outcome_.coreDumped = WCOREDUMP(status);
  } else {
    outcome_.exitCode = WEXITSTATUS(status);
  }
}

void Supervisor::terminate(int64_t graceNs) {
  stage_ = Stage::terminating;
  stageEndNs_ = monotonicNs() + graceNs;
  // Among hundreds of busy processes our share of the CPU would be too small to ever reach them all. This is refused
  // to ordinary users; nothing is measured any more.
  setpriority(PRIO_PROCESS, 0, -20);
  // A stopped process would sleep through its SIGTERM, hence SIGCONT.
  bool sent = signalDescendants(SIGTERM, true, stageEndNs_, outcome_.killed);
  if (!sent && !outcome_.ended) kill(outcome_.pid, SIGTERM);
}

// One round of SIGKILL. Returns false once there is no child at all, or no hope.
bool Supervisor::strike() {
  if (!outcome_.ended) killGroup(outcome_.pid);
  bool sent = signalDescendants(SIGKILL, false, stageEndNs_, outcome_.killed);
  if (!sent && !outcome_.ended) kill(outcome_.pid, SIGKILL);
  for (int round = 0; round < kMaxStrikes; ++round) {
    if (!reap()) return false;
    killChildren(outcome_.killed);
  }
  retryNs_ = retryNs_ == 0 ? kMillisecond : retryNs_ * 2;
  if (retryNs_ > kLongestRetryNs) retryNs_ = kLongestRetryNs;
  int64_t now = monotonicNs();
  nextStrikeNs_ = now + retryNs_;
  if (outcome_.reaped > reapedBefore_) stageEndNs_ = now + kGiveUpNs;
  reapedBefore_ = outcome_.reaped;
  return now < stageEndNs_ && now < lastStrikeNs_;
}

void Supervisor::advance(bool children) {
  if (outcome_.ended && !children) {
    stage_ = Stage::done;
    return;
  }
  bool over = monotonicNs() >= stageEndNs_;
  switch (stage_) {
    case Stage::running:
      if (outcome_.lifelineLost) {
        terminate(options_.graceNs);
      } else if (outcome_.ended) {
        stage_ = Stage::settling;
        stageEndNs_ = monotonicNs() + kSettleNs;
      } else if (over) {
        outcome_.timedOut = true;
        terminate(options_.graceNs);
      }
      break;
    case Stage::settling:
      if (outcome_.lifelineLost) {
        terminate(options_.graceNs);
      } else if (over) {
        options_.killTree ? terminate(kLeftoverGraceNs) : static_cast<void>(stage_ = Stage::done);
      }
      break;
    case Stage::terminating:
      if (!over) break;
      stage_ = Stage::killing;
      stageEndNs_ = monotonicNs() + kGiveUpNs;
      lastStrikeNs_ = monotonicNs() + kGiveUpAtLastNs;
      [[fallthrough]];
    case Stage::killing:
      if (monotonicNs() < nextStrikeNs_) break;
      if (!strike()) stage_ = Stage::done;
      break;
    case Stage::done: break;
  }
}

}  // namespace

bool superviseTarget(const Options& options, Outcome& outcome) { return Supervisor(options, outcome).run(); }

bool hasChildren() {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

}  // namespace alloc8::launch
