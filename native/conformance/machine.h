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
  CHECK_EQUAL(getrlimit(RLIMIT_AS, &before), 0);
  limit = before;
  limit.rlim_cur = statm_bytes(0) + extra;
  CHECK_EQUAL(setrlimit(RLIMIT_AS, &limit), 0);
  return before;
}

__attribute__((unused)) static void restore_address_space(struct rlimit before) {
  CHECK_EQUAL(setrlimit(RLIMIT_AS, &before), 0);
}

// Skips on machines whose memory is too small for a test of big blocks.
#define NEED_MEMORY(bytes)                                                                                 \
  do {                                                                                                     \
    if ((unsigned long long)sysconf(_SC_PHYS_PAGES) * (unsigned long long)sysconf(_SC_PAGESIZE) < (bytes)) \
      SKIP("the machine has less memory than the test needs: " #bytes);                                    \
  } while (0)
