// The contract with the operating system on Linux: files, written with as little as possible.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include "platform/platform.h"

#include "base/decimal.h"

#include <cerrno>

#include <cstdint>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

namespace {

// Since Linux 5.14; older headers do not have it.
constexpr int kPopulateWrite = 23;

// What is reserved at once where the kernel cannot do it later.
constexpr std::size_t kReservedAtOnce = std::size_t{64} << 10;

// The file's size, within RLIMIT_FSIZE, past which growing it raises SIGXFSZ; 0 where not even a page fits.
std::size_t allowedBytes(std::size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) return 0;
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted) return wanted;
  return static_cast<std::size_t>(limit.rlim_cur) & ~(pageSize() - 1);
}

// 0, or what madvise says.
int populate(void* p, std::size_t bytes) {
  const std::size_t page = pageSize();
  const std::size_t before = reinterpret_cast<std::uintptr_t>(p) & (page - 1);
  const std::size_t whole = (before + bytes + page - 1) & ~(page - 1);
  return madvise(static_cast<char*>(p) - before, whole, kPopulateWrite) == 0 ? 0 : errno;
}

// Sizes and maps a new file; its memory is null on error.
SharedFile mapNewFile(int descriptor, std::size_t bytes, std::size_t least) {
  if (bytes < least || ftruncate(descriptor, static_cast<off_t>(bytes)) != 0) return {nullptr, 0, 0};
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return {nullptr, 0, 0};
  const std::size_t page = pageSize();
  // Or the kernel reads ahead into the hole, and some file systems then clear and keep 2 MiB for the first byte.
  madvise(memory, bytes, MADV_RANDOM);
  const int problem = populate(memory, page);
  if (problem == 0) return {memory, bytes, page};
  // An older kernel, or no room: the file system itself is asked, for all that will be.
  const std::size_t reserved = bytes < kReservedAtOnce ? bytes : kReservedAtOnce;
  if (problem == EINVAL && fallocate(descriptor, 0, 0, static_cast<off_t>(reserved)) == 0) {
    munmap(static_cast<char*>(memory) + reserved, bytes - reserved);
    return {memory, reserved, reserved};
  }
  munmap(memory, bytes);
  return {nullptr, 0, 0};
}

}  // namespace

SharedFile createSharedFile(const char* path, std::size_t bytes, std::size_t least) {
  const int saved = errno;
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  SharedFile file{nullptr, 0, 0};
  const auto descriptor = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, kFlags, 0600));
  if (descriptor >= 0) {
    file = mapNewFile(descriptor, allowedBytes(bytes), least);
    syscall(SYS_close, descriptor);
    if (file.memory == nullptr) unlink(path);
  }
  errno = saved;
  return file;
}

bool populatePages(void* p, std::size_t bytes) {
  const int saved = errno;
  const bool done = populate(p, bytes) == 0;
  errno = saved;
  return done;
}

std::size_t currentFolder(char* buffer, std::size_t capacity) {
  const int saved = errno;
  // Not getcwd, which would allocate for a path longer than the buffer.
  const long length = syscall(SYS_getcwd, buffer, capacity);
  errno = saved;
  const std::size_t kept = length > 1 && buffer[0] == '/' ? static_cast<std::size_t>(length) - 1 : 0;
  buffer[kept] = '\0';
  return kept;
}

std::size_t pathOfDescriptor(int descriptor, char* buffer, std::size_t capacity) {
  char link[40] = "/proc/self/fd/";
  *base::appendDecimal(link + sizeof "/proc/self/fd/" - 1, static_cast<unsigned>(descriptor)) = '\0';
  const int saved = errno;
  const ssize_t length = readlink(link, buffer, capacity - 1);
  errno = saved;
  const std::size_t kept = length > 0 ? static_cast<std::size_t>(length) : 0;
  buffer[kept] = '\0';
  return kept;
}

bool isExecutable(const char* path) {
  const int saved = errno;
  struct stat status {};
  const bool is =
      stat(path, &status) == 0 && S_ISREG(status.st_mode) && syscall(SYS_faccessat, AT_FDCWD, path, X_OK) == 0;
  errno = saved;
  return is;
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
