// Resident memory by /proc/self/status. Not by getrusage, whose peak is inherited from whatever process called exec.

#if !defined(__linux__)
#error "for Linux"
#endif

#include "workloads/resident.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace alloc8::workloads {

namespace {

// The number after a name, in bytes; the file has it in kB.
bool read(const char* text, const char* name, std::size_t& bytes) {
  const char* at = std::strstr(text, name);
  if (at == nullptr) return false;
  bytes = std::strtoull(at + std::strlen(name), nullptr, 10) * 1024;
  return true;
}

}  // namespace

Resident residentMemory() {
  char text[4096];
  const int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t length = ::read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return {};
  text[length] = '\0';
  Resident resident;
  resident.known = read(text, "VmRSS:", resident.now) && read(text, "VmHWM:", resident.peak);
  // The kernel brings the peak up to date only where memory shrinks.
  if (resident.peak < resident.now) resident.peak = resident.now;
  return resident;
}

}  // namespace alloc8::workloads
