// What programs ask of the kernel: resident and mapped memory, and a limit on the address space.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>

#include "check.h"

// The first (mapped) or second (resident) number of /proc/self/statm, in bytes. Allocates nothing.
__attribute__((unused)) static size_t statm_bytes(int resident) {
  char text[128];
  int file = open("/proc/self/statm", O_RDONLY);
  if (file < 0) SKIP("/proc/self/statm cannot be read");
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  CHECK(length > 0);
  text[length] = 0;
  char* next = NULL;
  size_t mapped = strtoull(text, &next, 10);
  size_t pages = resident ? strtoull(next, NULL, 10) : mapped;
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

__attribute__((unused)) static size_t resident_bytes(void) { return statm_bytes(1); }

// From here on the address space may grow by `extra` bytes; returns the limit that was in force.
__attribute__((unused)) static struct rlimit limit_address_space(size_t extra) {
  struct rlimit before, limit;
  if (statm_bytes(0) > (size_t)8 << 30) SKIP("so many addresses are mapped already that a limit on more says nothing");
  CHECK_EQUAL(getrlimit(RLIMIT_AS, &before), 0);
  limit = before;
  limit.rlim_cur = statm_bytes(0) + extra;
  if (limit.rlim_cur > limit.rlim_max) SKIP("a limit on the address space is in force that is lower already");
  CHECK_EQUAL(setrlimit(RLIMIT_AS, &limit), 0);
  return before;
}

__attribute__((unused)) static void restore_address_space(struct rlimit before) {
  CHECK_EQUAL(setrlimit(RLIMIT_AS, &before), 0);
}

// The number in a file; the largest that there is where there is none. Allocates nothing.
__attribute__((unused)) static unsigned long long number_in(const char* path) {
  char text[32] = "";
  int file = open(path, O_RDONLY);
  if (file < 0) return ~0ULL;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  return length > 0 && text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) : ~0ULL;
}

// What this process may take, in bytes: of the machine, of its control group, of its limits.
__attribute__((unused)) static unsigned long long memory_to_be_had(void) {
  unsigned long long least = (unsigned long long)sysconf(_SC_PHYS_PAGES) * (unsigned long long)sysconf(_SC_PAGESIZE);
  struct rlimit addresses, data;
  if (getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur < least) least = addresses.rlim_cur;
  if (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur < least) least = data.rlim_cur;
  unsigned long long group = number_in("/sys/fs/cgroup/memory.max");
  if (group < least) least = group;
  group = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  return group < least ? group : least;
}

// Skips where there is too little memory for a test of big blocks.
#define NEED_MEMORY(bytes)                                                                       \
  do {                                                                                           \
    if (memory_to_be_had() < (bytes)) SKIP("there is less memory than the test needs: " #bytes); \
  } while (0)
