// The kernel's performance counters (perf_event_open), for which the C library has no function.

#if !defined(__linux__)
#error "linux/counter.cpp is for Linux"
#endif

#include "counter.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace alloc8::launch {

Counter::~Counter() {
  if (fd_ >= 0) close(fd_);
}

int Counter::open(CounterEvent event) {
  perf_event_attr wanted = {};
  wanted.size = sizeof wanted;
  bool hardware = event == CounterEvent::instructions;
  wanted.type = hardware ? PERF_TYPE_HARDWARE : PERF_TYPE_SOFTWARE;
  wanted.config = hardware ? uint64_t{PERF_COUNT_HW_INSTRUCTIONS} : uint64_t{PERF_COUNT_SW_TASK_CLOCK};
  wanted.disabled = 1;
  wanted.enable_on_exec = 1;
  wanted.inherit = 1;
  // What the kernel does on the target's behalf depends on the machine's state, and ordinary users may not count it.
  wanted.exclude_kernel = 1;
  wanted.exclude_hv = 1;
  wanted.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  long fd = syscall(SYS_perf_event_open, &wanted, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) return errno;
  fd_ = static_cast<int>(fd);
  return 0;
}

int64_t Counter::read() const {
  struct {
    uint64_t value;
    uint64_t enabled;
    uint64_t running;
  } counted = {};
  if (fd_ < 0 || ::read(fd_, &counted, sizeof counted) != static_cast<ssize_t>(sizeof counted)) return -1;
  if (counted.enabled == 0 || counted.running < counted.enabled) return -1;
  return static_cast<int64_t>(counted.value);
}

}  // namespace alloc8::launch
