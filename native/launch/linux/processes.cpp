// The walk through /proc. Nothing is allocated and nothing is assumed of what /proc holds: sets of processes are
// bitmaps over all process ids that Linux can give (2^22), and everything read is bounded.

#if !defined(__linux__)
#error "linux/processes.cpp is for Linux"
#endif

#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../system.h"
#include "clocks.h"

namespace alloc8::launch {
namespace {

constexpr int kMaxPids = 1 << 22;
constexpr int kMaxPasses = 64;
constexpr size_t kMaxCommand = 4096;
constexpr int64_t kListingNs = 1'000'000'000;

class PidSet {
 public:
  bool has(int pid) const { return inRange(pid) && (words_[pid / 64] >> (pid % 64) & 1) != 0; }
  // Returns whether it is new.
  bool add(int pid) {
    if (!inRange(pid) || has(pid)) return false;
    words_[pid / 64] |= uint64_t{1} << (pid % 64);
    return true;
  }
  void clear() { memset(words_, 0, sizeof words_); }

 private:
  static bool inRange(int pid) { return pid > 0 && pid < kMaxPids; }
  uint64_t words_[kMaxPids / 64];
};

// Zero pages until they are used, and used only after the target was executed.
PidSet descendants;
PidSet signalled;

// The digits at `text` as a process id, or -1. `text` is moved behind them.
int readPid(const char*& text) {
  if (*text < '0' || *text > '9') return -1;
  int pid = 0;
  for (; *text >= '0' && *text <= '9'; ++text) {
    if (pid >= kMaxPids) return -1;
    pid = pid * 10 + (*text - '0');
  }
  return pid;
}

// Reads at most `size - 1` bytes of /proc/PID/`file` and a closing null. Returns the length, 0 for what is not there.
size_t readFile(int proc, int pid, const char* file, char* buffer, size_t size) {
  char path[32];
  char digits[12];
  size_t count = 0;
  for (int rest = pid; rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
  char* end = path;
  while (count > 0) *end++ = digits[--count];
  *end++ = '/';
  strcpy(end, file);
  buffer[0] = '\0';
  int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, buffer, size - 1);
  close(fd);
  if (length < 0) length = 0;
  buffer[length] = '\0';
  return static_cast<size_t>(length);
}

// Moves behind the next `count` fields.
const char* skipFields(const char* at, int count) {
  for (; count > 0; --count) {
    while (*at != '\0' && *at != ' ') ++at;
    while (*at == ' ') ++at;
  }
  return at;
}

bool readState(int proc, int pid, ProcessState& state) {
  char buffer[512];
  if (readFile(proc, pid, "stat", buffer, sizeof buffer) == 0) return false;
  // The name, field 2, is in brackets and may hold anything, brackets too: fields are counted from the last one.
  const char* at = strrchr(buffer, ')');
  if (at == nullptr || at[1] != ' ') return false;
  at += 2;
  state.state = *at;
  at = skipFields(at, 1);
  state.parent = readPid(at);
  at = skipFields(at, 16);  // from field 4, the parent, to field 20, the threads
  state.threads = readPid(at);
  return true;
}

// One pass over /proc. Returns how many descendants it met that were not known yet, 0 when the time is over.
int scanOnce(int proc, int self, void* context, Visit visit, int64_t deadlineNs) {
  struct Entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[1];
  };
  alignas(Entry) static char entries[16384];
  int found = 0;
  lseek(proc, 0, SEEK_SET);
  for (;;) {
    long filled = syscall(SYS_getdents64, proc, entries, sizeof entries);
    if (filled <= 0) return found;
    for (long at = 0; at < filled;) {
      const auto* entry = reinterpret_cast<const Entry*>(entries + at);
      at += entry->length;
      const char* name = entry->name;
      int pid = readPid(name);
      ProcessState state;
      if (pid <= 0 || *name != '\0' || descendants.has(pid) || !readState(proc, pid, state)) continue;
      if (state.parent != self && !descendants.has(state.parent)) continue;
      if (!descendants.add(pid)) continue;
      ++found;
      visit(context, proc, pid, state);
      if (monotonicNs() >= deadlineNs) return 0;
    }
  }
}

struct Shot {
  int self;
  int number;
  bool wake;
  int64_t* count;
};

void shoot(void* context, int proc, int pid, const ProcessState&) {
  const Shot& shot = *static_cast<const Shot*>(context);
  int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0 && errno != ENOSYS) return;
  ProcessState now;
  bool ours = readState(proc, pid, now) && (now.parent == shot.self || descendants.has(now.parent));
  auto send = [&](int number) {
    // Before Linux 5.3 there are no handles; the moment between the look and the signal is all that is left to chance.
    return handle < 0 ? kill(pid, number)
                      : static_cast<int>(syscall(SYS_pidfd_send_signal, handle, number, nullptr, 0));
  };
  if (ours && send(shot.number) == 0) {
    if (shot.wake) send(SIGCONT);
    if (signalled.add(pid)) ++*shot.count;
  }
  if (handle >= 0) close(handle);
}

struct Listing {
  void* context;
  void (*visit)(void* context, int pid, const char* command, size_t length);
};

void list(void* context, int proc, int pid, const ProcessState& state) {
  if ((state.state == 'Z' || state.state == 'X') && state.threads <= 1) return;
  const Listing& listing = *static_cast<const Listing*>(context);
  static char command[kMaxCommand + 1];
  size_t length = readFile(proc, pid, "cmdline", command, sizeof command);
  while (length > 0 && command[length - 1] == '\0') --length;
  for (size_t i = 0; i < length; ++i) {
    if (command[i] == '\0') command[i] = ' ';
  }
  if (length == 0) {
    command[0] = '[';
    length = 1 + readFile(proc, pid, "comm", command + 1, 64);
    if (command[length - 1] == '\n') --length;
    command[length++] = ']';
  }
  listing.visit(listing.context, pid, command, length);
}

}  // namespace

int ownPidInProc() {
  char target[16];
  ssize_t length = readlink("/proc/self", target, sizeof target - 1);
  if (length <= 0) return -1;
  target[length] = '\0';
  const char* text = target;
  return readPid(text);
}

int64_t monotonicNs() { return readClock(CLOCK_MONOTONIC); }

bool forEachDescendant(void* context, Visit visit, int64_t deadlineNs) {
  int self = getpid();
  if (ownPidInProc() != self) return false;
  int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return false;
  descendants.clear();
  // Process ids mostly grow from parent to child and /proc lists them in order: the first pass finds nearly all, the
  // last one finds nothing new.
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    if (scanOnce(proc, self, context, visit, deadlineNs) == 0) break;
  }
  close(proc);
  return true;
}

bool signalDescendants(int number, bool wake, int64_t deadlineNs, int64_t& count) {
  Shot shot = {getpid(), number, wake, &count};
  return forEachDescendant(&shot, shoot, deadlineNs);
}

void killChildren(int64_t& count) {
  if (ownPidInProc() != getpid()) return;
  int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char buffer[4096];
  int pid = 0;
  ssize_t length;
  while ((length = read(fd, buffer, sizeof buffer)) > 0) {
    for (ssize_t i = 0; i < length; ++i) {
      if (buffer[i] >= '0' && buffer[i] <= '9' && pid < kMaxPids) {
        pid = pid * 10 + (buffer[i] - '0');
      } else {
        if (pid > 0 && kill(pid, SIGKILL) == 0 && signalled.add(pid)) ++count;
        pid = 0;
      }
    }
  }
  close(fd);
}

void killGroup(int leader) {
  int session = getsid(leader);
  bool closed = session == leader || session == getpid();
  if (closed && getpgid(leader) == leader) kill(-leader, SIGKILL);
}

bool listDescendants(void* context, void (*visit)(void*, int, const char*, size_t)) {
  Listing listing = {context, visit};
  return forEachDescendant(&listing, list, monotonicNs() + kListingNs);
}

}  // namespace alloc8::launch
