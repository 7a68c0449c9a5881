// The contract with the operating system on Linux: files, written with as little as possible.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include "platform/platform.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace alloc8::platform {

// open, write and close by their numbers, because libc's are cancellation points: a thread that is to be cancelled
// would end inside them, in the middle of its fork.

bool rawWrite(int descriptor, const void* bytes, std::size_t count) {
  const int saved = errno;
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = syscall(SYS_write, descriptor, at, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    at += written;
    count -= static_cast<std::size_t>(written);
  }
  errno = saved;
  return count == 0;
}

bool writeNewFile(const char* path, const void* bytes, std::size_t count) {
  const int saved = errno;
  // Past RLIMIT_FSIZE a write raises SIGXFSZ, which would kill the target.
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < count) {
    errno = saved;
    return false;
  }
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  const auto descriptor = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, kFlags, 0600));
  bool done = false;
  if (descriptor >= 0) {
    done = rawWrite(descriptor, bytes, count);
    syscall(SYS_close, descriptor);
    if (!done) unlink(path);
  }
  errno = saved;
  return done;
}

std::size_t executablePath(char* buffer, std::size_t capacity) {
  const int saved = errno;
  const ssize_t length = readlink("/proc/self/exe", buffer, capacity - 1);
  errno = saved;
  const std::size_t kept = length > 0 ? static_cast<std::size_t>(length) : 0;
  buffer[kept] = '\0';
  return kept;
}

bool hasFileCapabilities(const char* path) {
  const int saved = errno;
  const ssize_t size = getxattr(path, "security.capability", nullptr, 0);
  errno = saved;
  return size > 0;
}

}  // namespace alloc8::platform
