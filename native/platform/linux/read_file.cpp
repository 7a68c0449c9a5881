// The contract with the operating system on Linux: files that somebody else may have put there, read with care. Apart
// from files.cpp, because no preloaded library needs it.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include "platform/platform.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alloc8::platform {
namespace {

// Reads until `count` bytes are there or the file ends.
bool readAll(int descriptor, void* buffer, std::size_t count, std::size_t* bytes) {
  *bytes = 0;
  while (*bytes < count) {
    const ssize_t got = read(descriptor, static_cast<char*>(buffer) + *bytes, count - *bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    *bytes += static_cast<std::size_t>(got);
  }
  return true;
}

ReadOutcome readOpen(int descriptor, void* buffer, std::size_t capacity, std::size_t* bytes) {
  struct stat entry {};
  if (fstat(descriptor, &entry) != 0) return ReadOutcome::unreadable;
  if (!S_ISREG(entry.st_mode)) return ReadOutcome::notRegular;
  if (entry.st_nlink > 1) return ReadOutcome::manyNames;
  if (static_cast<std::uint64_t>(entry.st_size) > capacity) return ReadOutcome::tooLarge;
  const auto wanted = static_cast<std::size_t>(entry.st_size);
  return readAll(descriptor, buffer, wanted, bytes) ? ReadOutcome::done : ReadOutcome::unreadable;
}

}  // namespace

ReadOutcome readRegularFile(const char* path, void* buffer, std::size_t capacity, std::size_t* bytes) {
  const int saved = errno;
  const int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  ReadOutcome outcome = ReadOutcome::unreadable;
  if (descriptor >= 0) {
    outcome = readOpen(descriptor, buffer, capacity, bytes);
    close(descriptor);
  } else if (errno == ELOOP || errno == ENXIO) {  // a link, a socket
    outcome = ReadOutcome::notRegular;
  }
  errno = saved;
  return outcome;
}

}  // namespace alloc8::platform
