// Whether this machine counts in hardware what a process does: settings, containers and hypervisors all have a say, so
// that only trying tells.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include <cerrno>

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/platform.h"

namespace alloc8::platform {

int hardwareCounterError() {
  const int saved = errno;
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
  attributes.disabled = 1;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  const long counter = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  const int error = counter < 0 ? errno : 0;
  if (counter >= 0) close(static_cast<int>(counter));
  errno = saved;
  return error;
}

}  // namespace alloc8::platform
