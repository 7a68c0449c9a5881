// The contract with the operating system on Linux: files of others that are looked at while they change. Apart from
// files.cpp, because only the probe does so.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include "platform/platform.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace alloc8::platform {

namespace {

// Since Linux 5.14; older headers do not have it.
constexpr int kPopulateRead = 22;

const void* mapOpen(int descriptor, std::size_t bytes) {
  struct stat entry {};
  if (fstat(descriptor, &entry) != 0 || !S_ISREG(entry.st_mode)) return nullptr;
  if (static_cast<std::size_t>(entry.st_size) != bytes) return nullptr;
  void* memory = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return nullptr;
  // What cannot be read, or is shorter already, would end the process at the first look. An older kernel cannot tell.
  if (madvise(memory, bytes, kPopulateRead) == 0 || errno == EINVAL) return memory;
  munmap(memory, bytes);
  return nullptr;
}

}  // namespace

const void* mapFile(const char* path, std::size_t bytes) {
  const int saved = errno;
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  const auto descriptor = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, kFlags));
  const void* memory = nullptr;
  if (descriptor >= 0) {
    memory = mapOpen(descriptor, bytes);
    syscall(SYS_close, descriptor);
  }
  errno = saved;
  return memory;
}

}  // namespace alloc8::platform
