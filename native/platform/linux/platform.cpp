// The contract with the operating system on Linux: memory, futexes, processes.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include "platform/platform.h"

#include <bit>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

#include <linux/futex.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Set by glibc since 2.32; weak, because the libc that a program runs on may have none. Not by its header, where it is
// not weak.
extern "C" {
extern char __libc_single_threaded __attribute__((weak));
}

namespace alloc8::platform {

namespace {

class KeepErrno {
 public:
  KeepErrno() : value_(errno) {}
  ~KeepErrno() { errno = value_; }
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

 private:
  int value_;
};

void* mapAnonymous(std::size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}

}  // namespace

std::size_t pageSize() {
  // From the auxiliary vector, not sysconf: it is there before libc has initialised itself. A race writes the same
  // value twice.
  static std::atomic<std::size_t> cached{0};
  std::size_t size = cached.load(std::memory_order_relaxed);
  if (size == 0) {
    KeepErrno keep;
    size = getauxval(AT_PAGESZ);
    cached.store(size, std::memory_order_relaxed);
  }
  return size;
}

void* mapPages(std::size_t bytes, std::size_t alignment) {
  KeepErrno keep;
  const std::size_t page = pageSize();
  if (bytes > PTRDIFF_MAX - page) return nullptr;
  bytes = (bytes + page - 1) & ~(page - 1);
  char* p = static_cast<char*>(mapAnonymous(bytes));
  if (alignment <= page || p == nullptr) return p;
  if ((reinterpret_cast<std::uintptr_t>(p) & (alignment - 1)) == 0) return p;
  // The kernel places mappings below one another, so the first try is aligned more often than not. Otherwise map more
  // than needed and give both ends back.
  munmap(p, bytes);
  if (bytes > PTRDIFF_MAX - alignment) return nullptr;
  const std::size_t wide = bytes + alignment - page;
  p = static_cast<char*>(mapAnonymous(wide));
  if (p == nullptr) return nullptr;
  const auto start = reinterpret_cast<std::uintptr_t>(p);
  const std::size_t head = ((start + alignment - 1) & ~(alignment - 1)) - start;
  const std::size_t tail = wide - head - bytes;
  if (head != 0) munmap(p, head);
  if (tail != 0) munmap(p + head + bytes, tail);
  return p + head;
}

void unmapPages(void* p, std::size_t bytes) {
  KeepErrno keep;
  // Refused where it would split a mapping and the process has as many as it may (vm.max_map_count); the memory can go
  // all the same, only the addresses stay.
  if (munmap(p, bytes) != 0) madvise(p, bytes, MADV_DONTNEED);
}

void purgePages(void* p, std::size_t bytes) {
  KeepErrno keep;
  // Refused for pages that the program has locked into memory (mlockall); then only their contents can go.
  if (madvise(p, bytes, MADV_DONTNEED) != 0) std::memset(p, 0, bytes);
}

void* reservePages(std::size_t bytes, std::size_t alignment) {
  KeepErrno keep;
  const auto reserve = [bytes](std::uintptr_t wish, std::size_t extra) {
    void* p = mmap(reinterpret_cast<void*>(wish), bytes + extra, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? nullptr : static_cast<char*>(p);
  };
  char* p = reserve(0, 0);
  if (p == nullptr || (reinterpret_cast<std::uintptr_t>(p) & (alignment - 1)) == 0) return p;
  // Mappings grow downwards, so that the multiple below is likely to be free; asking for it needs no more addresses
  // than are wanted, which counts where they are limited (RLIMIT_AS).
  munmap(p, bytes);
  const std::uintptr_t below = reinterpret_cast<std::uintptr_t>(p) & ~(alignment - 1);
  p = reserve(below, 0);
  if (p == nullptr || (reinterpret_cast<std::uintptr_t>(p) & (alignment - 1)) == 0) return p;
  munmap(p, bytes);
  p = reserve(0, alignment);
  if (p == nullptr) return nullptr;
  const auto start = reinterpret_cast<std::uintptr_t>(p);
  const std::size_t head = ((start + alignment - 1) & ~(alignment - 1)) - start;
  if (head != 0) munmap(p, head);
  munmap(p + head + bytes, alignment - head);
  return p + head;
}

bool commitPages(void* p, std::size_t bytes) {
  KeepErrno keep;
  return mprotect(p, bytes, PROT_READ | PROT_WRITE) == 0;
}

bool uncommitPages(void* p, std::size_t bytes) {
  KeepErrno keep;
  // A new mapping in place of the old one: mprotect alone would leave the pages, and what strict overcommit charges.
  return mmap(p, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

bool protectPages(void* p, std::size_t bytes) {
  KeepErrno keep;
  return mprotect(p, bytes, PROT_NONE) == 0;
}

void* resizePages(void* p, std::size_t from, std::size_t to) {
  KeepErrno keep;
  void* resized = mremap(p, from, to, MREMAP_MAYMOVE);
  return resized == MAP_FAILED ? nullptr : resized;
}

bool growPages(void* p, std::size_t from, std::size_t to) {
  KeepErrno keep;
  return mremap(p, from, to, 0) != MAP_FAILED;
}

bool movePages(void* p, std::size_t from, void* target, std::size_t to) {
  KeepErrno keep;
  return mremap(p, from, to, MREMAP_MAYMOVE | MREMAP_FIXED, target) != MAP_FAILED;
}

bool wipeOnFork(void* p, std::size_t bytes) {
  KeepErrno keep;
  return madvise(p, bytes, MADV_WIPEONFORK) == 0;
}

void preferHugePages(void* p, std::size_t bytes, bool huge) {
  KeepErrno keep;
  madvise(p, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

void waitOn(std::atomic<std::uint32_t>* word, std::uint32_t expected) {
  KeepErrno keep;
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void wakeOne(std::atomic<std::uint32_t>* word) {
  KeepErrno keep;
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void yieldThread() {
  KeepErrno keep;
  sched_yield();
}

bool singleThreaded() { return &__libc_single_threaded != nullptr && __libc_single_threaded != 0; }

std::size_t processorCount() {
  KeepErrno keep;
  // The system call, because libc's function answers for a fixed number of processors and this mask is larger.
  unsigned long mask[128];
  const long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  std::size_t count = 0;
  for (std::size_t word = 0; bytes > 0 && word < static_cast<std::size_t>(bytes) / sizeof mask[0]; ++word) {
    count += static_cast<std::size_t>(std::popcount(mask[word]));
  }
  return count == 0 ? 1 : count;
}

bool environmentReady() { return environ != nullptr; }

const char* earlyEnvironment(const char* name) {
  if (environ == nullptr || secureExecution()) return nullptr;
  const std::size_t length = std::strlen(name);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') return *entry + length + 1;
  }
  return nullptr;
}

bool secureExecution() {
  KeepErrno keep;
  return getauxval(AT_SECURE) != 0;
}

std::int64_t processId() { return getpid(); }

std::int64_t parentProcessId() { return getppid(); }

bool threadHasEnded(std::int64_t thread) {
  KeepErrno keep;
  return syscall(SYS_tgkill, getpid(), thread, 0) != 0 && errno == ESRCH;
}

std::int64_t threadId() { return syscall(SYS_gettid); }

std::int64_t userId() { return geteuid(); }

std::uint64_t rootIdentity() {
  KeepErrno keep;
  struct stat root {};
  if (stat("/", &root) != 0) return 0;
  return (static_cast<std::uint64_t>(root.st_dev) << 40) ^ root.st_ino;
}

char** currentEnvironment() { return environ; }

namespace {

std::uint64_t readClock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

std::uint64_t monotonicNs() { return readClock(CLOCK_MONOTONIC); }

std::uint64_t clockOriginNs() {
  const std::uint64_t calendar = readClock(CLOCK_REALTIME);
  return calendar - monotonicNs();
}

}  // namespace alloc8::platform
